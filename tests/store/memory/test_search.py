"""Search: matching users, invalid values, and calls of `rest`."""

from datetime import date

import pytest

from qm_tui.store.memory.search import Finder
from qm_tui.users.fields import User
from qm_tui.users.query.filter_parser import FilterSyntaxError, parse_filter, quote_value
from qm_tui.users.query.views import SortKey
from tests.helpers import ANNA, YieldCounter, by_id, user
from tests.store.memory.asking import TODAY, GivenActivity, find_user_ids, maps_of

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


_FOUND = {
    "anna muller li": ' ¦ *41* ¦ * ¦ -"\x1f" ¦ marked:yes|no ¦ valid:yes|no ¦ '
    "duplicate:recording-service ¦ "
    "duplicate:private",
    "anna": "anna ¦ ANNA ¦ anna berg ¦ berg anna ¦ b*g ¦ be* ¦ b*e*r*g ¦ =Anna ¦ =anna ¦ =Sales ¦ "
    "u2222222222a ¦ =u2222222222a ¦ department:=Sales ¦ windows-login:=CORP\\anna ¦ "
    "active:yes ¦ active:1 ¦ active:Y ¦ active:true ¦ license:unlimited ¦ license:comp ¦ "
    "changed:yesterday ¦ import:4 ¦ ａｎｎａ ¦ an\xadna\u200b ¦ user-name:ＡＮＮＡ ¦ "
    "user-name:ａ*\ufeff ¦ sales active:yes extension:04*",
    "": 'anna muller ¦ "anna berg" ¦ ab* ¦ berg*berg ¦ b*rg*g ¦ b*e*e*g ¦ -* ¦ =ANNA ¦ =Ann ¦ '
    'u222222 ¦ u2222* ¦ "\x1f" ¦ "\x1e" ¦ department:="sales emea" ¦ location:"\x1e" ¦ '
    'last-name:"\u200b" ¦ duplicate:department',
    "anna muller": 'anna|muller ¦ *412 ¦ sales* ¦ department:sales ¦ -department:"" ¦ '
    "department:sales|support ¦ extension:*12 ¦ -license:none ¦ marked:no ¦ -marked:yes ¦ "
    "changed:yesterday|today ¦ valid:yes ¦ -valid:no ¦ duplicate:additional_extensions",
    "muller li": '-anna ¦ 104 ¦ 104* ¦ -=Sales ¦ -u2222222222a ¦ department:""|emea ¦ '
    "extension:10* ¦ "
    'active:no|"" ¦ -active:yes ¦ license:on-demand|none',
    "li": '-anna|muller ¦ -anna -muller ¦ 李 ¦ strasse ¦ STRASSE ¦ 2042 ¦ department:"" ¦ '
    'extension:=104 ¦ location:"" ¦ user-id:u-l ¦ active:"" ¦ license:none ¦ marked:yes ¦ '
    "-changed:2d ¦ import:last ¦ valid:no ¦ -duplicate:additional-extensions",
    "muller": "muller ¦ MÜLLER ¦ müller ¦ malmo ¦ mueller ¦ domain\\jmueller ¦ fe80::1 ¦ 1041* ¦ "
    '*er*l* ¦ m**r ¦ *emea ¦ "M*1" ¦ "*1" ¦ =M*1 ¦ ="Sales EMEA" ¦ '
    'department:"sales emea" ¦ department:="Sales EMEA" ¦ department:*emea ¦ '
    "extension:104 -extension:=104 ¦ location:malmo ¦ location:m*o ¦ location:mal* ¦ "
    "location:malmo* ¦ windows-login:DOMAIN\\* ¦ active:no ¦ active:F ¦ "
    "license:on-demand ¦ license:on_demand ¦ license:OnDemand ¦ on-demand:yes ¦ "
    "changed:today",
    "anna li": "u2222222222a|u-li ¦ -department:emea ¦ phone-ip:10.0. ¦ import:4|7",
}
"""By the users that they find, filters with this sign between them."""


@pytest.mark.parametrize("names", _FOUND)
def test_filter_finds_users(names):
    happenings = GivenActivity(
        changed={TODAY: [MULLER.user_id], date(2026, 11, 22): [ANNA.user_id]},
        imports={4: [ANNA.user_id], 7: [LI.user_id]},
        marks={LI.user_id},
    )
    for text in _FOUND[names].split(" ¦ "):
        ids = find_user_ids(THREE, text, activity=happenings)
        assert [NAMES[one] for one in ids] == names.split(), text


def test_word_is_found_in_every_field_with_shared_values():
    keys = ("first_name", "department", "location", "security_profile", "recording_service")
    users = by_id(*(user(f"n{number}", **{key: "Rome"}) for number, key in enumerate(keys)))
    assert find_user_ids(users | by_id(user("x")), "rome") == list(users)


def test_empty_value_is_not_a_duplicate():
    values = {"a": "1", "b": "", "c": "", "d": "1"}
    users = by_id(*(user(name, extension=value) for name, value in values.items()))
    assert find_user_ids(users, "duplicate:extension") == ["u-a", "u-d"]


def test_users_with_invalid_values_or_the_name_of_an_earlier_user_are_found():
    users = by_id(
        user("a"),
        user("b", phone_ip="10.0.0.300"),
        user("c", location="Os\nlo"),
        user("d", user_name="Ａ"),
        user("e", unlimited_license="0", on_demand_license="0"),  # license:none finds this user
        user("f", department="x" * 4097),
    )
    assert find_user_ids(users, "valid:no") == ["u-b", "u-c", "u-d", "u-f"]


@pytest.mark.parametrize("value", ["TM\u2122", "Ｂｅｒｇ", "ﬁn", "ŁÓDŹ", "İzmir", "Ærø", "\ud800a"])
def test_value_is_found_with_and_without_accents(value):
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
        assert find_user_ids(users, f"location:{quote_value(text)}") == ["u-a"]
        assert find_user_ids(users, f"{quote_value(text)} asen") == ["u-a"]


def test_typed_accent_must_match():
    users = by_id(user("a", location="Muller"), user("b", location="Müller"))
    assert find_user_ids(users, "müller") == ["u-b"]
    assert find_user_ids(users, "muller") == ["u-a", "u-b"]


@pytest.mark.parametrize("name", ["", "agent-id:"])
def test_asterisks_are_fast_for_any_value(name):
    """A regular expression would backtrack endlessly."""
    users = by_id(user("a", agent_id="a" * 4000), user("b", agent_id="a" * 3999 + "b"))
    assert find_user_ids(users, name + "*a" * 30 + "*b") == ["u-b"]
    assert find_user_ids(users, name + "a*" * 30 + "a") == ["u-a"]


# What makes no sense


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("active:maybe", 'Invalid value maybe for active: use yes, no or "".'),
        ("active:*", 'Invalid value * for active: use yes, no or "".'),
        ('marked:""', 'Invalid value "" for marked: use yes or no.'),
        ("license:gold", "Invalid value gold for license: use unlimited, on-demand"),
        ('license:""', 'Invalid value "" for license: use unlimited, on-demand'),
        ("duplicate:shoe", "Invalid value shoe for duplicate: use the name of a text field"),
        ("duplicate:password", "Invalid value password for duplicate: use"),
        ("duplicate:active", "Invalid value active for duplicate: use"),
        ('duplicate:""', 'Invalid value "" for duplicate: use'),
        ("duplicate:extension|agent-id", "duplicate: takes one field."),
        ("import:first", "Invalid value first for import: use last, or a transaction"),
        ("import:0", "Invalid value 0 for import: use last, or a transaction"),
        ("import:٣", "Invalid value ٣ for import: use last, or a transaction"),
        ("import:" + "9" * 19, "Invalid value 9999999999999999999 for import: use last"),
        ("import:3", "There was no such import."),
        ("changed:soon", "Invalid value soon for changed: use today"),
        ("changed:0d", "Invalid value 0d for changed: use today"),
        ("changed:99999d99", "Invalid value 99999d99 for changed: use today"),
        ("changed:2026-02-30", "Invalid value 2026-02-30 for changed: use today"),
        ("changed:2026-2-3", "Invalid value 2026-2-3 for changed: use today"),
        ("changed:..", "Invalid value .. for changed: use today"),
        ("changed:2026-11-20..soon", "Invalid value 2026-11-20..soon for changed: use today"),
        ('changed:""', 'Invalid value "" for changed: use today'),
        (
            "changed:2026-11-23..2026-11-20",
            "changed:2026-11-23..2026-11-20: the end date is before the start date.",
        ),
        ('active:"\x1b[2J\u202e"', "Invalid value ␛[2J‹U+202E› for active: use yes"),
    ],
)
def test_invalid_value_is_an_error_with_its_position(text, sentence):
    (term,) = parse_filter(text)
    for before in ("", "anna "):
        with pytest.raises(FilterSyntaxError) as caught:
            find_user_ids(THREE, before + text, activity=GivenActivity(imports={4: []}))
        assert caught.value.message.startswith(sentence)
        assert caught.value.message[-1] == "."
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
def test_days_are_in_the_time_zone_of_the_admin(days, first, last):
    happenings = GivenActivity()
    find_user_ids(THREE, f"changed:{days}", activity=happenings)
    assert happenings.queries == [(first, last)]


# Secrets


@pytest.mark.parametrize("text", ["hunter2", "hunter*", "=hunter2", "*unter*", "pepper", "pep*r"])
def test_secrets_are_never_searched(text):
    assert find_user_ids(THREE, text) == []
    assert find_user_ids(THREE, f"-{text}") == list(THREE)


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
def test_rest_is_called_at_least_every_1000_users(many, text):
    maps, finder, rests = maps_of(many), Finder(), YieldCounter()
    finder.prepare(maps, rests)
    assert rests.count >= MANY / 1000
    for sort in ((), (SortKey("extension"),), (SortKey("department", descending=True),)):
        rests.count = 0
        find_user_ids(maps, text, *sort, finder=finder, rest=rests)
        assert rests.count >= MANY / 1000
    changed = dict(many, u7=many["u7"]._replace(location="Rome"))
    rests.count = 0
    assert find_user_ids(changed, "rome", finder=finder, rest=rests) == ["u7"]
    assert rests.count >= 3 * MANY / 1000  # the texts, the hits and who they are
