"""Believable users, as many as wanted: `python sample_data/generate.py N` writes a users file.

The users are invented. Each follows from its number alone, so a file is the same every time, a
longer file begins with the shorter one, and a million users take no more memory than one.
"""

import csv
import re
import signal
import sys
import unicodedata
from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from hashlib import sha512
from itertools import product
from typing import Final, NamedTuple, TextIO, TypeVar

from qm_tui.users.fields import FIELDS, User, user_from_mapping

_SEED: Final = b"qm-tui sample user %d"


class Culture(NamedTuple):
    """Names that go together.

    Attributes:
        first_names: first names, separated by a comma and a blank.
        last_names: last names, separated likewise.

    `陈=chen` is a name with its spelling in a User Name, for scripts other than Latin.
    """

    first_names: str
    last_names: str


_CULTURES: Final = (
    Culture(
        "Alice, Andrew, Brian, Caroline, Charlotte, Daniel, Edward, Emily, Fiona, George, Grace, "
        "Hannah, Jack, James, Joan, Kevin, Laura, Mark, Mary-Jane, Nathan, Olivia, Paul, Rachel, "
        "Sean, Thomas, Zoë",
        "Adams, Baker, Carter, d'Arcy, Evans, Fletcher, Green, Hughes, Ingram, Jackson, Knight, "
        "Lewis, MacDonald, Norris, O'Brien, Palmer, Quinn, Roberts, Smith-Jones, Taylor, Unwin, "
        "Vaughan, Walker, Young",
    ),
    Culture(
        "Anna, Björn, Clara, Dörte, Florian, Günther, Heike, Jörg, Jürgen, Katrin, Lukas, Martina, "
        "Matthias, Nadja, Sören, Ute, Wolfgang",
        "Bäcker, Berg, Böhm, Fuchs, Großmann, Jäger, Köhler, Krüger, Löwe, Müller, Schäfer, "
        "Schmidt, Schröder, Strauß, von Bülow, Weiß, Zöllner",
    ),
    Culture(
        "Agnès, Benoît, Chloé, Édouard, François, Gaëlle, Hélène, Jérôme, Léa, Noël",
        "Beauchêne, Lefèvre, Dupré, Garçon, L'Hôpital, Moreau, Noël-Baron, Rousseau, Tremblay",
    ),
    Culture(
        "Alejandro, Begoña, Íñigo, José María, Lucía, Mónica, Sofía, Ximena",
        "de la Cruz, García, Ibáñez, López, Muñoz, Núñez, Peña Ortiz, Sánchez",
    ),
    Culture(
        "Antônio, Beatriz, Conceição, João, Luísa, Thiago",
        "Araújo, Conceição Lima, Gonçalves, Magalhães, Simões",
    ),
    Culture("Chiara, Donato, Giulia, Niccolò, Piero", "Bianchi, De Santis, Esposito, Fabbri"),
    Culture(
        "Åsa, Bjørn, Eero, Frøya, Göran, Håkon, Ingrid, Jóhanna, Maija, Søren, Þór",
        "Åkesson, Ægisdóttir, Bergström, Ødegård, Hämäläinen, Lindqvist, Sørensen, Nygård",
    ),
    Culture(
        "Agnieszka, Bożena, Jakub, Łucja, Małgorzata, Zbigniew",
        "Błaszczyk, Dąbrowski, Łukasik, Święty, Wójcik, Żółty",
    ),
    Culture(
        "Bohumil, Dušan, Jiří, Kateřina, Željko, Đorđe, László, Réka",
        "Černý, Dvořák, Hruška, Kovačević, Novák, Řezník, Szűcs, Živković",
    ),
    Culture("Ayşe, Çağlar, Gökhan, İpek, Oğuz", "Aydın, Çelik, Öztürk, Şahin, Yıldız"),
    Culture("Đức, Hồng, Ngọc, Thảo", "Lê, Nguyễn, Phạm, Trần"),
    Culture("Amina, Chinedu, Folasade, Tom, Wanjiru", "Adébáyọ̀, Kamau, Mwangi, Nwosu, Okafor"),
    Culture(
        "Олена=olena, Андрій=andrii, Ірина=iryna, Сергей=sergei",
        "Шевченко=shevchenko, Коваленко=kovalenko, Їжакевич=yizhakevych, Иванов=ivanov",
    ),
    Culture("Ελένη=eleni, Γιώργος=giorgos, Άννα=anna", "Παππάς=pappas, Νικολάου=nikolaou"),
    Culture(
        "Ying, Wei, 静=jing, 国强=guoqiang", "陈=chen, 王=wang, 李=li, 欧阳=ouyang, 諸葛=zhuge"
    ),
    Culture("健=ken, 陽子=yoko, さくら=sakura", "佐藤=sato, 鈴木=suzuki, 髙橋=takahashi"),
    Culture("민준=minjun, 서연=seoyeon", "김=gim, 박=bak"),
    Culture("محمد=mohammed, ليلى=layla, يوسف=yusuf", "الخطيب=alkhatib, حداد=haddad, منصور=mansour"),
    Culture("נועה=noa, דוד=david", "כהן=cohen, פרץ=peretz"),
    Culture("प्रिया=priya, राजेश=rajesh, Meera", "शर्मा=sharma, Iyer, पटेल=patel"),
    Culture("அனிதா=anitha, முருகன்=murugan", "செல்வம்=selvam"),
    Culture("สมชาย=somchai, มาลี=mali", "จันทร์=chan, ศรีสุข=sisuk"),
)


class Person(NamedTuple):
    """The names of a user; `first` and `last` are their spellings in a User Name."""

    first_name: str
    last_name: str
    first: str
    last: str


class Site(NamedTuple):
    """A place where users sit, or none: all users of a site share its networks.

    Attributes:
        location: its name; empty for users who sit anywhere.
        domain: its Windows domain.
        sip_host: its host in SIP URIs.
        services: its recording services; users take turns.
    """

    location: str
    domain: str
    sip_host: str
    services: tuple[str, ...]


class Team(NamedTuple):
    """Users who do the same work."""

    department: str
    security_profile: str
    recording_profile: str


class Features(NamedTuple):
    """Flags that stand beside each other; older installations leave them empty."""

    lookback: str
    privacy: str


class Endpoints(NamedTuple):
    """The kinds of addresses that a user's phones have."""

    first: str
    second: str


_T = TypeVar("_T")
_BYTE: Final = 256


def _by_byte(weights: dict[_T, int]) -> tuple[_T, ...]:
    """A table that a random byte picks from; the first choice takes what the others leave."""
    choices = [choice for choice, weight in weights.items() for _ in range(weight)]
    return (next(iter(weights)),) * (_BYTE - len(choices)) + tuple(choices)


_SITES: Final = _by_byte(
    {
        Site("Chicago", "CORP", "ocs.example.com", ("10.20.0.11", "10.20.0.12", "Any")): 90,
        Site("Berlin", "EMEA", "ocs.example.de", ("rec-ber-1", "rec-ber-2")): 60,
        Site("Zürich, Seefeld", "EMEA", "192.0.2.25", ("10.44.0.11",)): 25,
        Site("São Paulo", "LATAM", "ocs.example.com.br", ("10.60.0.11", "Any")): 20,
        Site("Łódź", "EMEA", "ocs.example.pl", ("rec_lodz.example.pl",)): 15,
        Site("上海", "APAC", "ocs.example.cn", ("fd00:86::11", "fd00:86::12")): 15,
        Site("", "CORP", "[2001:db8::25]", ("Any",)): 25,
    }
)
_TEAMS: Final = _by_byte(
    {
        Team("Customer Service", "Agent", "Full Time"): 80,
        Team("Sales", "Agent", "Full Time"): 40,
        Team("Claims, Motor", "Agent", "Random 20 %"): 30,
        Team("Kundendienst für Geschäftskunden", "Agent", "Full Time"): 25,
        Team("Service à la clientèle", "Agent", "Business Hours"): 15,
        Team("Quality Assurance", "Evaluator", ""): 15,
        Team('Project "North Star"', "Supervisor", "Business Hours"): 10,
        Team("営業部", "Agent", "Full Time"): 8,
        Team("IT", "Administrator", ""): 5,
        Team("", "", ""): 10,
    }
)
_FEATURES: Final = _by_byte(
    {
        Features("0", "0"): 110,
        Features("1", "0"): 60,
        Features("0", "1"): 30,
        Features("1", "1"): 10,
        Features("", ""): 30,
    }
)
_ENDPOINTS: Final = _by_byte(
    {
        Endpoints("ipv4", "off"): 120,
        Endpoints("ipv4", "unknown"): 20,
        Endpoints("ipv4", "ipv4"): 12,
        Endpoints("ipv4", "spare mac"): 6,
        Endpoints("mac", "off"): 24,
        Endpoints("mac", "mac"): 6,
        Endpoints("cisco mac", "off"): 6,
        Endpoints("ipv6", "off"): 10,
        Endpoints("ipv6", "ipv6"): 4,
        Endpoints("none", "unknown"): 24,
    }
)
_IS_DUAL: Final = {"off": "0", "spare mac": "0", "unknown": ""}
"""Dual Endpoints Enabled where the second endpoint is not in use."""

_IS_ACTIVE: Final = _by_byte({"1": 230, "0": 20})
_IS_UNLIMITED: Final = _by_byte({"1": 190, "0": 60})
_RECORDS_COMPUTER: Final = _by_byte({"0": 130, "1": 90, "": 30})
_AGENT_ID: Final = _by_byte({"A": 120, "": 60, "number": 60})
_SIP_USER: Final = _by_byte({"": 200, "user name": 40, "extension": 10})
_OTHER_EXTENSIONS: Final = _by_byte({0: 200, 1: 20, 2: 25, 3: 8})
_PRIVATE_EXTENSIONS: Final = _by_byte({0: 220, 1: 20, 2: 15})
_HAS_SALT: Final = _by_byte({True: 220, False: 30})

_OWN_SPELLING: Final = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ı": "i", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"}
)
_NO_LETTER: Final = re.compile("[^a-z]+")


def _names(listed: str) -> Iterator[tuple[str, str]]:
    """Each of the names with its spelling in a User Name."""
    for one in listed.split(", "):
        name, _, spelling = one.partition("=")
        letters = (spelling or name).casefold().translate(_OWN_SPELLING)
        yield name, _NO_LETTER.sub("", unicodedata.normalize("NFKD", letters))


def _people() -> tuple[Person, ...]:
    """Every name of every culture, in an order that looks like none."""
    people = [
        Person(first_name, last_name, first, last)
        for culture in _CULTURES
        for (first_name, first), (last_name, last) in product(
            _names(culture.first_names), _names(culture.last_names)
        )
    ]
    return tuple(sorted(people, key=lambda one: sha512(" ".join(one).encode()).digest()))


_PEOPLE: Final = _people()
_INITIALS: Final = "abcdefghijklmnopqrstuvwxyz"


def _user_name(person: Person, turn: int) -> str:
    """The User Name of a person who is the `turn`-th to bear the name.

    No two users share one: spellings hold letters only, and of a turn there is one initial.
    """
    if not turn:
        return f"{person.first}.{person.last}"
    number, initial = divmod(turn - 1, len(_INITIALS))
    return f"{person.first}.{_INITIALS[initial]}.{person.last}{number + 1 if number else ''}"


_EXTENSIONS: Final = 100_000


def _extension(number: int) -> str:
    """Five digits that no earlier user has; six and more where those are used up."""
    turn, place = divmod(number, _EXTENSIONS)
    # the factor shares no divisor with 100,000, so every extension has its turn
    return f"{turn or ''}{(4_127 + place * 38_197) % _EXTENSIONS:05d}"


_HOSTS: Final = 254
_IPV4: Final = _BYTE * _BYTE * _HOSTS


def _address(kind: str, number: int) -> str:
    """An address of the kind; no two of the first sixteen million numbers share one."""
    net, host = divmod(number * 1_000_003 % _IPV4, _HOSTS)
    if kind == "ipv4":
        return f"10.{net // _BYTE}.{net % _BYTE}.{host + 1}"
    if kind == "ipv6":
        return f"fd00:51c3::{net:x}:{host + 1:x}"
    if kind in ("mac", "spare mac"):
        return f"00:1B:54:{net // _BYTE:02X}:{net % _BYTE:02X}:{host + 1:02X}"
    if kind == "cisco mac":
        return f"001b.54{net // _BYTE:02x}.{net % _BYTE:02x}{host + 1:02x}"
    return ""


_SECOND_PHONE: Final = 7_000_000
"""Added to a user's number for a second address: far from those of the others."""


def _short_extensions(count: int, lot: bytes) -> str:
    """So many extensions of four digits: they are never somebody's Extension, which has five."""
    return ",".join([f"{lot[at] * 39 + at:04d}" for at in range(count)])


def _user(number: int) -> User:
    """The user of that number, from 0."""
    lot = sha512(_SEED % number).digest()
    turn, place = divmod(number, len(_PEOPLE))
    person = _PEOPLE[place]
    user_name = _user_name(person, turn)
    extension = _extension(number)
    site, team = _SITES[lot[0]], _TEAMS[lot[1]]
    features, endpoints = _FEATURES[lot[2]], _ENDPOINTS[lot[3]]
    is_unlimited = _IS_UNLIMITED[lot[4]] == "1"
    records_computer = _RECORDS_COMPUTER[lot[5]]
    agent = _AGENT_ID[lot[6]]
    sip_user = _SIP_USER[lot[7]]
    second = endpoints.second
    return user_from_mapping(
        {
            "first_name": person.first_name,
            "last_name": person.last_name,
            "extension": extension,
            "user_id": "",
            "agent_id": agent and (f"A{extension}" if agent == "A" else f"{number + 1:06d}"),
            "department": team.department,
            "user_name": user_name,
            # a version comes first, as in many hashes: no password looks like a formula
            "password": b2a_base64(b"\x01" + lot[32:52], newline=False).decode(),
            "security_profile": team.security_profile,
            # who is recorded on demand is recorded by no profile
            "recording_profile": team.recording_profile if is_unlimited else "",
            "phone_ip": _address(endpoints.first, number),
            "is_active": _IS_ACTIVE[lot[8]],
            "recording_service": site.services[lot[9] % len(site.services)],
            "unlimited_license": "1" if is_unlimited else "0",
            "on_demand_license": "0" if is_unlimited else "1",
            "computer_recording_license": records_computer,
            "windows_login": f"{site.domain}\\{user_name}" if records_computer == "1" else "",
            "sip_uri": sip_user
            and f"sip:{extension if sip_user == 'extension' else user_name}@{site.sip_host}",
            "salt": lot[52:60].hex() if _HAS_SALT[lot[10]] else "",
            "location": site.location,
            "additional_extensions": _short_extensions(_OTHER_EXTENSIONS[lot[11]], lot[12:16]),
            "lookback_enabled": features.lookback,
            "privacy_enabled": features.privacy,
            "private_extensions": _short_extensions(_PRIVATE_EXTENSIONS[lot[16]], lot[17:20]),
            "dual_endpoints_enabled": _IS_DUAL.get(second, "1"),
            "secondary_phone_ip": _address(second, number + _SECOND_PHONE),
        }
    )


def users(count: int) -> Iterator[User]:
    """The first so many users: always the same, each with its own User Name, all without User ID.

    They keep every rule, and nothing in a user by itself is worth a warning. Every optional field
    has a value in some of them and none in others.
    """
    return map(_user, range(count))


def write(
    people: Iterable[User], file: TextIO, *, header: bool = True, delimiter: str = ","
) -> None:
    """Write users as a users file: CRLF, and quotes where RFC 4180 wants them.

    Args:
        people: the users.
        file: where to; opened with `newline=""`.
        header: whether a header comes first.
        delimiter: what stands between two cells.
    """
    rows = csv.writer(file, delimiter=delimiter)
    if header:
        rows.writerow([field.header for field in FIELDS])
    rows.writerows(people)


def main(arguments: list[str]) -> int:
    """Write as many users as the arguments say to standard output, and return the exit status."""
    wanted = arguments[0] if len(arguments) == 1 else ""
    if not re.fullmatch("[0-9]{1,12}", wanted):
        print("Say how many users to write: python sample_data/generate.py 1000", file=sys.stderr)
        return 2
    # a reader that has seen enough, or Ctrl+C, ends the program without a word
    for end in (signal.SIGPIPE, signal.SIGINT):
        signal.signal(end, signal.SIG_DFL)
    with open(sys.stdout.fileno(), "w", encoding="utf-8", newline="", closefd=False) as file:
        write(users(int(wanted)), file)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
