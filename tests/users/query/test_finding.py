"""Finding: whom a filter means, whatever was asked and known before."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qm_tui.store.layers import Layered
from qm_tui.users.fields import FIELDS, User
from qm_tui.users.query import finding, sorting
from qm_tui.users.query.finding import Finder, Query
from qm_tui.users.query.folding import folded_fields
from qm_tui.users.query.language import FilterFault, parsed, quoted
from qm_tui.users.query.sorting import order
from qm_tui.users.query.views import SortKey
from tests.helpers import ANNA, user
from tests.users.query.asking import TODAY, Given, Rests, by_id, found


@pytest.fixture
def small_steps() -> Iterator[None]:
    """Steps so small that a few users take several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finding, "_STEP", 2)
        patch.setattr(finding, "_FEW", 2)
        patch.setattr(sorting, "_STEP", 2)
        patch.setattr(sorting, "_RUN", 3)
        yield


MULLER = user(
    "muller",
    first_name="Jürgen",
    last_name="Müller",
    department="Sales EMEA",
    extension="10412",
    agent_id="M*1",
    windows_login="DOMAIN\\jmueller",
    phone_ip="fe80::1",
    location="Malmö",
    is_active="0",
    unlimited_license="0",
    on_demand_license="1",
    computer_recording_license="0",
    password="hunter2",
    salt="pepper",
)
LI = user(
    "li",
    first_name="伟",
    last_name="李",
    department="",
    extension="104",
    agent_id="",
    user_name="straße",
    windows_login="",
    phone_ip="10.0.0.7",
    location="",
    is_active="",
    unlimited_license="0",
    on_demand_license="0",
    computer_recording_license="0",
    additional_extensions="2041,2042",
)
THREE = by_id(ANNA, MULLER, LI)
NAMES = {ANNA.user_id: "anna", MULLER.user_id: "muller", LI.user_id: "li"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", "anna muller li"),
        ("anna", "anna"),
        ("ANNA", "anna"),
        ("anna berg", "anna"),
        ("berg anna", "anna"),
        ("anna muller", ""),
        ('"anna berg"', ""),  # no field holds both
        ("anna|muller", "anna muller"),
        ("-anna", "muller li"),
        ("-anna|muller", "li"),
        ("-anna -muller", "li"),
        ("muller", "muller"),
        ("MÜLLER", "muller"),
        ("mu\u0308ller", "muller"),  # as a Mac writes it
        ("malmo", "muller"),
        ("李", "li"),
        ("strasse", "li"),
        ("STRASSE", "li"),
        ("mueller", "muller"),
        (r"domain\jmueller", "muller"),
        ("fe80::1", "muller"),
        ("2042", "li"),
        ("104", "muller li"),
        ("104*", "muller li"),
        ("1041*", "muller"),
        ("*412", "anna muller"),
        ("*41*", "anna muller li"),
        ("b*g", "anna"),
        ("be*", "anna"),
        ("*er*l*", "muller"),
        ("b*e*r*g", "anna"),
        ("ab*", ""),
        ("berg*berg", ""),
        ("b*rg*g", ""),  # no letter counts twice
        ("b*e*e*g", ""),
        ("m**r", "muller"),
        ("sales*", "anna muller"),
        ("*emea", "muller"),
        ("*", "anna muller li"),
        ("-*", ""),
        ('"M*1"', "muller"),
        ('"*1"', "muller"),
        ("=M*1", "muller"),
        ("=Anna", "anna"),
        ("=anna", "anna"),  # the User Name
        ("=ANNA", ""),
        ("=Ann", ""),
        ('="Sales EMEA"', "muller"),
        ("=Sales", "anna"),
        ("-=Sales", "muller li"),
        ("u2222222222a", "anna"),
        ("=u2222222222a", "anna"),
        ("-u2222222222a", "muller li"),
        ("u2222222222a|u-li", "anna li"),
        ("u222222", ""),  # a User ID is found only where it is typed whole
        ("u2222*", ""),
        ('"\x1f"', ""),
        ('"\x1e"', ""),
        ('-"\x1f"', "anna muller li"),
        ("department:sales", "anna muller"),
        ("department:=Sales", "anna"),
        ('department:"sales emea"', "muller"),
        ('department:="Sales EMEA"', "muller"),
        ('department:="sales emea"', ""),
        ("department:*emea", "muller"),
        ('department:""', "li"),
        ('-department:""', "anna muller"),
        ('department:""|emea', "muller li"),
        ("-department:emea", "anna li"),
        ("department:sales|support", "anna muller"),
        ("extension:10*", "muller li"),
        ("extension:*12", "anna muller"),
        ("extension:=104", "li"),
        ("extension:104 -extension:=104", "muller"),
        ("location:malmo", "muller"),
        ("location:m*o", "muller"),
        ("location:mal*", "muller"),
        ("location:malmo*", "muller"),
        ('location:""', "li"),
        ('location:"\x1e"', ""),
        (r"windows-login:DOMAIN\*", "muller"),
        (r"windows-login:=CORP\anna", "anna"),
        ("user-id:u-l", "li"),
        ("phone-ip:10.0.", "anna li"),
        ("active:yes", "anna"),
        ("active:1", "anna"),
        ("active:Y", "anna"),
        ("active:true", "anna"),
        ("active:no", "muller"),
        ("active:F", "muller"),
        ('active:""', "li"),
        ('active:no|""', "muller li"),
        ("-active:yes", "muller li"),
        ("license:unlimited", "anna"),
        ("license:comp", "anna"),
        ("license:on-demand", "muller"),
        ("license:on_demand", "muller"),
        ("license:OnDemand", "muller"),
        ("license:none", "li"),
        ("-license:none", "anna muller"),
        ("license:on-demand|none", "muller li"),
        ("on-demand:yes", "muller"),
        ("marked:yes", "li"),
        ("marked:no", "anna muller"),
        ("-marked:yes", "anna muller"),
        ("marked:yes|no", "anna muller li"),
        ("changed:today", "muller"),
        ("changed:yesterday", "anna"),
        ("changed:yesterday|today", "anna muller"),
        ("-changed:2d", "li"),
        ("import:last", "li"),
        ("import:4", "anna"),
        ("import:4|7", "anna li"),
        ("duplicate:recording-service", "anna muller li"),
        ("duplicate:department", ""),
        ("duplicate:private", "anna muller li"),
        ("duplicate:additional_extensions", "anna muller"),
        ("-duplicate:additional-extensions", "li"),
        ("sales active:yes extension:04*", "anna"),
    ],
)
def test_whom_a_filter_finds(text, names):
    happenings = Given(
        changed={TODAY: [MULLER.user_id], date(2026, 11, 22): [ANNA.user_id]},
        imports={4: [ANNA.user_id], 7: [LI.user_id]},
        marks={LI.user_id},
    )
    ids = found(THREE, text, happenings=happenings)
    assert [NAMES[one] for one in ids] == names.split()


@pytest.mark.parametrize("text", ["", "a", "=a", "a*b", "-a", "duplicate:extension", "active:yes"])
def test_nobody_is_found_where_nobody_is(text):
    assert found({}, text, SortKey("first_name")) == []


def test_an_empty_value_is_no_duplicate():
    values = {"a": "1", "b": "", "c": "", "d": "1"}
    users = by_id(*(user(name, extension=value) for name, value in values.items()))
    assert found(users, "duplicate:extension") == ["u-a", "u-d"]


@pytest.mark.parametrize("value", ["TM\u2122", "Ｂｅｒｇ", "ﬁn", "ŁÓDŹ", "İzmir", "Ærø", "\ud800a"])
def test_a_value_is_found_by_itself_and_by_its_letters_on_another_keyboard(value):
    users = by_id(user("a", location=value), user("b"))
    plain = {
        "TM\u2122": "tmtm",
        "Ｂｅｒｇ": "berg",
        "ﬁn": "fin",
        "ŁÓDŹ": "lodz",
        "İzmir": "izmir",
        "Ærø": "aero",
        "\ud800a": "a",
    }[value]
    for text in (value, value.lower(), plain, plain.upper()):
        assert found(users, f"location:{quoted(text)}") == ["u-a"]
        assert found(users, f"{quoted(text)} asen") == ["u-a"]


def test_an_accent_that_is_typed_is_looked_for():
    users = by_id(user("a", location="Muller"), user("b", location="Müller"))
    assert found(users, "müller") == ["u-b"]
    assert found(users, "muller") == ["u-a", "u-b"]


@pytest.mark.parametrize("name", ["", "agent-id:"])
def test_asterisks_take_no_time_whatever_stands_in_a_field(name):
    """A regular expression would not come to an end."""
    users = by_id(user("a", agent_id="a" * 4000), user("b", agent_id="a" * 3999 + "b"))
    assert found(users, name + "*a" * 30 + "*b") == ["u-b"]
    assert found(users, name + "a*" * 30 + "a") == ["u-a"]


# What makes no sense


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("active:maybe", 'active: is yes, no or "", not maybe.'),
        ("active:*", 'active: is yes, no or "", not *.'),
        ("marked:perhaps", "marked: is yes or no, not perhaps."),
        ('marked:""', 'marked: is yes or no, not "".'),
        ("license:gold", "license: is unlimited, on-demand, computer or none, not gold."),
        ('license:""', 'license: is unlimited, on-demand, computer or none, not "".'),
        ("duplicate:shoe", "duplicate: is the name of a field with text, as extension, not shoe."),
        ("duplicate:password", "duplicate: is the name of a field with text"),
        ("duplicate:active", "duplicate: is the name of a field with text"),
        ("duplicate:license", "duplicate: is the name of a field with text"),
        ("duplicate:user", "duplicate: is the name of a field with text"),
        ('duplicate:""', "duplicate: is the name of a field with text"),
        ("duplicate:extension|agent-id", "duplicate: asks for one field. Leave the others out."),
        ("import:first", "import: is last, or the number of a transaction as the page Activity"),
        ("import:0", "import: is last, or the number"),
        ("import:-1", "import: is last, or the number"),
        ("import:٣", "import: is last, or the number"),
        ("import:" + "9" * 19, "import: is last, or the number"),
        ("import:3", "There was no such import."),
        ("changed:soon", "changed: is today, yesterday, a number of days as 7d, a day as"),
        ("changed:0d", "changed: is today"),
        ("changed:99999d99", "changed: is today"),
        ("changed:2026-02-30", "changed: is today"),
        ("changed:2026-2-3", "changed: is today"),
        ("changed:20261120", "changed: is today"),
        ("changed:..", "changed: is today"),
        ("changed:2026-11-20..soon", "changed: is today"),
        ('changed:""', "changed: is today"),
        (
            "changed:2026-11-23..2026-11-20",
            "In changed:2026-11-23..2026-11-20 the last day is before the first. Turn them round.",
        ),
        ('active:"\x1b[2J\u202e"', 'active: is yes, no or "", not ␛[2J‹U+202E›.'),
    ],
)
def test_what_makes_no_sense_is_said_with_its_place(text, sentence):
    (term,) = parsed(text)
    for before in ("", "anna "):
        with pytest.raises(FilterFault) as caught:
            found(THREE, before + text, happenings=Given(imports={4: []}))
        assert caught.value.sentence.startswith(sentence)
        assert caught.value.sentence[-1] == "."
        begin = len(before)
        assert (caught.value.start, caught.value.end) == (begin + term.start, begin + term.end)


@pytest.mark.parametrize(
    ("days", "first", "last"),
    [
        ("today", TODAY, TODAY),
        ("Today", TODAY, TODAY),
        ("t", TODAY, TODAY),
        ("yesterday", date(2026, 11, 22), date(2026, 11, 22)),
        ("yes", date(2026, 11, 22), date(2026, 11, 22)),
        ("1d", TODAY, TODAY),
        ("7d", date(2026, 11, 17), TODAY),
        ("30D", date(2026, 10, 25), TODAY),
        ("99999d", date(1753, 2, 9), TODAY),
        ("2026-11-20", date(2026, 11, 20), date(2026, 11, 20)),
        ("2026-11-20..2026-11-23", date(2026, 11, 20), TODAY),
        ("2026-11-20..2026-11-20", date(2026, 11, 20), date(2026, 11, 20)),
        ("2026-11-20..", date(2026, 11, 20), date.max),
        ("2027-01-01..", date(2027, 1, 1), date.max),
        ("..2026-11-20", date.min, date(2026, 11, 20)),
    ],
)
def test_days_are_the_admins(days, first, last):
    happenings = Given()
    found(THREE, f"changed:{days}", happenings=happenings)
    assert happenings.asked == [(first, last)]


# Secrets


@pytest.mark.parametrize("text", ["hunter2", "hunter*", "=hunter2", "*unter*", "pepper", "pep*r"])
def test_secrets_are_never_found(text):
    assert found(THREE, text) == []
    assert found(THREE, f"-{text}") == list(THREE)


# Against a plain reading of the same


class Asked(NamedTuple):
    """An alternative: what stands in the filter, and whom it means."""

    text: str
    fits: Callable[[str], bool]


_BARE = str.maketrans("äéö", "aeo")
_LETTERS = "aAbäÉeö東"


def _forms(value: str) -> set[str]:
    return {value.lower(), value.lower().translate(_BARE)}


def _contains(text: str) -> Asked:
    return Asked(quoted(text), lambda value: any(text.lower() in one for one in _forms(value)))


def _is(text: str) -> Asked:
    return Asked(f"={quoted(text)}", lambda value: value == text)


def _like(text: str) -> Asked:
    expression = re.compile(".*".join(map(re.escape, text.lower().split("*"))), re.DOTALL)
    return Asked(text, lambda value: any(map(expression.fullmatch, _forms(value))))


_WORDS = st.text(_LETTERS, min_size=1, max_size=2)
_ASKED = (
    _WORDS.map(_contains)
    | _WORDS.map(_is)
    | st.text(f"{_LETTERS}*", min_size=1, max_size=4).filter(lambda text: "*" in text).map(_like)
)
_EMPTY = st.just(Asked('""', lambda value: not value))
_SEARCHED = [
    one.key for one in FIELDS if one.width > 1 and one.key not in ("user_id", "password", "salt")
]


class Part(NamedTuple):
    """A term: what stands in the filter, and whom it means among all users."""

    text: str
    holds: Callable[[User, list[User]], bool]


def _free(alternatives: list[Asked]) -> Part:
    return Part(
        "|".join(one.text for one in alternatives),
        lambda user, _: any(
            one.fits(getattr(user, key)) for one in alternatives for key in _SEARCHED
        ),
    )


def _of_field(key: str, alternatives: list[Asked]) -> Part:
    return Part(
        f"{key}:" + "|".join(one.text for one in alternatives),
        lambda user, _: any(one.fits(getattr(user, key)) for one in alternatives),
    )


def _duplicate(key: str) -> Part:
    def holds(user: User, users: list[User]) -> bool:
        value = getattr(user, key)
        return bool(value) and [getattr(one, key) for one in users].count(value) > 1

    return Part(f"duplicate:{key}", holds)


def _licensed(license_: str, key: str) -> Part:
    return Part(f"license:{license_}", lambda user, _: getattr(user, key) == "1")


_KEYS = st.sampled_from(["first_name", "department", "location", "phone_ip"])
_PARTS = (
    st.lists(_ASKED, min_size=1, max_size=3).map(_free)
    | st.builds(_of_field, _KEYS, st.lists(_ASKED | _EMPTY, min_size=1, max_size=3))
    | _KEYS.map(_duplicate)
    | st.sampled_from(
        [
            _licensed("unlimited", "unlimited_license"),
            _licensed("computer", "computer_recording_license"),
            Part("active:yes", lambda user, _: user.is_active == "1"),
            Part('active:no|""', lambda user, _: user.is_active in ("0", "")),
            Part("marked:yes", lambda user, _: user.user_id in ("u1", "u4")),
            Part("import:last", lambda user, _: user.user_id in ("u0", "u1")),
            Part("u1", lambda user, _: user.user_id == "u1"),
        ]
    )
)


def _negated(part: Part) -> Part:
    return Part(f"-{part.text}", lambda user, users: not part.holds(user, users))


_VALUES = st.text(_LETTERS, max_size=3)
_FLAGS = st.sampled_from(["", "0", "1"])
_USERS = st.builds(
    User,
    first_name=_VALUES,
    department=_VALUES,
    location=_VALUES,
    phone_ip=_VALUES,
    password=_VALUES,
    is_active=_FLAGS,
    unlimited_license=_FLAGS,
    computer_recording_license=_FLAGS,
)
_IDS = [f"u{number}" for number in range(9)]
_CHANGES = st.dictionaries(st.sampled_from(_IDS), st.none() | _USERS, max_size=5)
_QUESTIONS = st.lists(_PARTS | _PARTS.map(_negated), max_size=3)
_SORTS = st.lists(st.builds(SortKey, _KEYS, st.booleans()), max_size=2)
Step = tuple[dict[str, User | None], list[Part], list[SortKey]]


def _changed(users: Mapping[str, User], changes: Mapping[str, User | None]) -> Layered[User]:
    possible = {
        key: one._replace(user_id=key) if one else None
        for key, one in changes.items()
        if one or key in users
    }
    assert isinstance(users, Layered)
    return users.changed(possible)


@pytest.mark.usefixtures("small_steps")
def test_one_finder_finds_in_all_states_what_a_plain_reading_finds():
    steps_made = st.tuples(_CHANGES, _QUESTIONS, _SORTS)

    @given(st.lists(steps_made, min_size=1, max_size=4), st.booleans())
    def check(steps: list[Step], is_prepared: bool) -> None:
        finder = Finder(Rests())
        users: Mapping[str, User] = Layered()
        happenings = Given(imports={3: ["u0", "u1"]}, marks={"u1", "u4"})
        for changes, parts, sort in steps:
            users = _changed(users, changes)
            if is_prepared:
                finder.prepare(users)
            text = " ".join(part.text for part in parts)
            everybody = list(users.values())
            assert found(users, text, *sort, happenings=happenings, finder=finder) == [
                one.user_id
                for one in map(everybody.__getitem__, order(everybody, sort, Rests()))
                if all(part.holds(one, everybody) for part in parts)
            ], text

    check()


# Many users


MANY = 20_000


@pytest.fixture(scope="module")
def many() -> dict[str, User]:
    return by_id(
        *(
            ANNA._replace(user_id=f"u{number}", user_name=f"anna{number}", extension=str(number))
            for number in range(MANY)
        )
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "-a",
        "a|b",
        "*berg",
        "b*g",
        "=Anna",
        "u1|u2",
        "department:sales",
        "extension:10*",
        "duplicate:department",
        "active:yes",
        "license:none",
        "marked:no",
        "changed:today",
    ],
)
def test_it_rests_at_least_each_1000_users(many, text):
    rests = Rests()
    finder = Finder(rests)
    finder.prepare(many)
    assert rests.count >= MANY / 1000
    for sort in ((), (SortKey("extension"),), (SortKey("department", descending=True),)):
        rests.count = 0
        finder.found(many, Query(parsed(text), sort), Given())
        assert rests.count >= MANY / 1000
    changed = dict(many, u7=many["u7"]._replace(location="Rome"))
    rests.count = 0
    assert finder.found(changed, Query(parsed("rome")), Given()) == ["u7"]
    assert rests.count >= 3 * MANY / 1000  # the texts, the hits and who they are


def test_texts_are_made_once_for_users_who_stay(many, monkeypatch):
    finder = Finder(Rests())
    finder.prepare(many)
    made: list[Iterable[str]] = []

    def counted(values: Iterable[str]) -> str:
        made.append(values)
        return folded_fields(values)

    monkeypatch.setattr(finding, "folded_fields", counted)
    changed = dict(many, u7=many["u7"]._replace(location="Rome")) | by_id(user("x"))
    del changed["u9"]
    assert found(changed, "rome", finder=finder) == ["u7"]
    assert found(changed, "xsen", finder=finder) == ["u-x"]
    assert found(many, "rome", finder=finder) == []
    assert 0 < len(made) <= 6  # of u7, of x, and of u7 and u9 as they were


class Stopped(Exception):
    """A rest says that nobody waits for the answer any more."""


@pytest.mark.usefixtures("small_steps")
def test_a_question_that_is_given_up_leaves_nothing_wrong():
    """Whatever a rest interrupts, the next answer is right."""
    users = by_id(*(user(name, location=name * 2) for name in "abcdefgh"))
    later = dict(users) | by_id(user("b", location="xx"), user("i", location="aa"))
    for calls in range(40):
        left = calls

        def rest() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Stopped

        finder = Finder(rest)
        for state in (users, later):
            for text in ("bb", "aa"):
                try:
                    found(state, text, SortKey("location", descending=True), finder=finder)
                except Stopped:
                    break
        assert found(later, "bb", finder=finder) == []
        assert found(later, "aa", SortKey("first_name"), finder=finder) == ["u-a", "u-i"]
        assert found(users, "bb", finder=finder) == ["u-b"]


def test_the_values_that_many_share_are_known_those_of_most_users_first():
    names = ["IT", "", "Sales", "IT", "", ""]
    users = by_id(
        *(
            user(name, department=department, location="")
            for name, department in zip("abcdef", names, strict=True)
        )
    )
    finder = Finder(Rests())
    finder.prepare(users)
    values = finder.common_values()
    assert values["department"] == ["IT", "Sales"]
    assert values["location"] == []
    assert not values.keys() & {"password", "salt", "first_name"}
