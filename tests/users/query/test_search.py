"""Finding: whom a filter means, what makes no sense, and that others have their turn."""

from datetime import date

import pytest

from qm_tui.users.fields import User
from qm_tui.users.query.filter_parser import FilterFault, parsed, quoted
from qm_tui.users.query.search import Finder, Query
from qm_tui.users.query.views import SortKey
from tests.helpers import ANNA, user
from tests.users.query.asking import TODAY, Given, Rests, by_id, found

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
