"""Generator of realistic users: `python sample_data/generate.py N` writes a users file.

The users are invented. Each depends only on its number: files are reproducible, a longer file
starts with the shorter one, and a million users need no more memory than one.
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
    """First and last names that occur together.

    Attributes:
        first_names: first names, separated by a comma and a space.
        last_names: last names, separated by a comma and a space.

    `陈=chen` is a name with its spelling in User Names, for scripts other than Latin.
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
    """The names of a user; `first` and `last` are their spellings in User Names."""

    first_name: str
    last_name: str
    first: str
    last: str


class Site(NamedTuple):
    """A site with its networks.

    Attributes:
        location: its name; empty for users without a location.
        domain: its Windows domain.
        sip_host: its host in SIP URIs.
        services: its recording services; each user has one of them.
    """

    location: str
    domain: str
    sip_host: str
    services: tuple[str, ...]


class Team(NamedTuple):
    """Users with the same department and profiles."""

    department: str
    security_profile: str
    recording_profile: str


class Features(NamedTuple):
    """Adjacent flags; older installations leave them empty."""

    lookback: str
    privacy: str


class Endpoints(NamedTuple):
    """The types of the addresses of a user's phones."""

    first: str
    second: str


_T = TypeVar("_T")
_BYTE: Final = 256


def _by_byte(weights: dict[_T, int]) -> tuple[_T, ...]:
    """Return a table indexed by a random byte; the first choice fills the rest of the table."""
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
"""Dual Endpoints Enabled if the second endpoint is not in use."""

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
    """Yield each name with its spelling in User Names."""
    for entry in listed.split(", "):
        name, _, spelling = entry.partition("=")
        letters = (spelling or name).casefold().translate(_OWN_SPELLING)
        yield name, _NO_LETTER.sub("", unicodedata.normalize("NFKD", letters))


def _people() -> tuple[Person, ...]:
    """Return all combinations of names in all cultures, in a pseudorandom order."""
    people = [
        Person(first_name, last_name, first, last)
        for culture in _CULTURES
        for (first_name, first), (last_name, last) in product(
            _names(culture.first_names), _names(culture.last_names)
        )
    ]
    return tuple(sorted(people, key=lambda person: sha512(" ".join(person).encode()).digest()))


_PEOPLE: Final = _people()
_INITIALS: Final = "abcdefghijklmnopqrstuvwxyz"


def _user_name(person: Person, occurrence: int) -> str:
    """Return the User Name of the `occurrence`-th person with a name.

    User Names are unique: spellings contain only letters, and each occurrence has another initial.
    """
    if not occurrence:
        return f"{person.first}.{person.last}"
    number, initial = divmod(occurrence - 1, len(_INITIALS))
    return f"{person.first}.{_INITIALS[initial]}.{person.last}{number + 1 if number else ''}"


_EXTENSIONS: Final = 100_000


def _extension(number: int) -> str:
    """Return a unique extension of five digits; of more digits after 100,000 users."""
    prefix, place = divmod(number, _EXTENSIONS)
    # the factor is coprime to 100,000, so that every extension occurs
    return f"{prefix or ''}{(4_127 + place * 38_197) % _EXTENSIONS:05d}"


_HOSTS: Final = 254
_IPV4: Final = _BYTE * _BYTE * _HOSTS


def _address(kind: str, number: int) -> str:
    """Return an address of a type; unique for the first sixteen million numbers."""
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
"""The offset of the numbers of second addresses, so that they differ from first ones."""


def _short_extensions(count: int, lot: bytes) -> str:
    """Return extensions of four digits, which differ from all Extensions (five digits)."""
    return ",".join([f"{lot[index] * 39 + index:04d}" for index in range(count)])


def _user(number: int) -> User:
    """Return a user by number, from 0."""
    lot = sha512(_SEED % number).digest()
    occurrence, place = divmod(number, len(_PEOPLE))
    person = _PEOPLE[place]
    user_name = _user_name(person, occurrence)
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
            # starts with a version, as many hashes do, so that no password looks like a formula
            "password": b2a_base64(b"\x01" + lot[32:52], newline=False).decode(),
            "security_profile": team.security_profile,
            # users with an On-Demand License have no recording profile
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
    """Return the first users: reproducible, with unique User Names, without User IDs.

    They are valid and have no warnings. Every optional field has a value in some of them, and is
    empty in others.
    """
    return map(_user, range(count))


def write(
    people: Iterable[User], file: TextIO, *, header: bool = True, delimiter: str = ","
) -> None:
    """Write a users file with CRLF line ends, and quotes where RFC 4180 requires them.

    Args:
        people: the users.
        file: the file, opened with `newline=""`.
        header: whether to write a header.
        delimiter: the delimiter.
    """
    rows = csv.writer(file, delimiter=delimiter)
    if header:
        rows.writerow([field.header for field in FIELDS])
    rows.writerows(people)


def main(arguments: list[str]) -> int:
    """Write users to standard output, and return the exit status."""
    count = arguments[0] if len(arguments) == 1 else ""
    if not re.fullmatch("[0-9]{1,12}", count):
        print("Usage: python sample_data/generate.py NUMBER_OF_USERS", file=sys.stderr)
        return 2
    # exit silently if the reader closes the pipe, and on Ctrl+C
    for number in (signal.SIGPIPE, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    with open(sys.stdout.fileno(), "w", encoding="utf-8", newline="", closefd=False) as file:
        write(users(int(count)), file)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
