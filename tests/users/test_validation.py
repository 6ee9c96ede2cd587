"""Validation of the fields of a user."""

import pytest

from qm_tui.users.fields import FIELD, FIELDS, MAX_VALUE
from qm_tui.users.issues import REDACTED, Severity, redact_value
from qm_tui.users.validation import (
    control_character_issue,
    format_character_issue,
    length_issue,
    parse_flag,
    validate_update,
    validate_user,
)
from tests.helpers import ANNA, user

_MANDATORY = [field.key for field in FIELDS if field.required]
_OPTIONAL = [field.key for field in FIELDS if not field.required]
_LICENSES = ("unlimited_license", "on_demand_license")
_FLAGS = [field.key for field in FIELDS if field.kind == "flag" and field.key not in _LICENSES]

_ADDRESSES = [
    ("10.0.0.1", True),
    ("224.0.0.1", True),
    ("255.255.255.255", True),
    ("::1", True),
    ("2001:db8::ff00:42:8329", True),
    ("2001:0DB8:0000:0000:0000:FF00:0042:8329", True),
    ("::ffff:10.0.0.1", True),
    ("00:1A:2b:3C:4d:5E", True),
    ("00-1A-2B-3C-4D-5E", True),
    ("001A2B3C4D5E", True),
    ("001122334455", True),
    ("001a.2b3c.4d5e", True),
    ("256.0.0.1", False),
    ("10.0.0", False),
    ("10.0.0.1.2", False),
    ("10.0.0.", False),
    ("10.0.0.1:5060", False),
    ("10.0.0.1/24", False),
    ("10.0.0.1 ", False),
    ("10.0.0.1\n", False),
    ("10.0.0.１", False),
    ("0x7f.0.0.1", False),
    ("2130706433", False),
    ("1::2::3", False),
    ("12345::1", False),
    ("2001:db8::1/64", False),
    (":", False),
    ("00:1A:2B:3C:4D", False),
    ("00:1A:2B:3C:4D:5E:6F", False),
    ("00:1A-2B:3C-4D:5E", False),
    ("0G:1A:2B:3C:4D:5E", False),
    ("001A2B3C4D5", False),
    ("Any", False),
    ("phone", False),
]

_CASES = [
    *[("phone_ip", value, good) for value, good in _ADDRESSES],
    *[("secondary_phone_ip", value, good) for value, good in _ADDRESSES],
    *[(flag, value, True) for flag in _FLAGS for value in "01"],
    *[
        (flag, value, False)
        for flag in _FLAGS
        for value in ("2", "-1", "01", "+1", "1.0", " 1", "1\n", "true", "Yes", "x", "１", "²")
    ],
    ("recording_service", "Any", True),
    ("recording_service", "10.0.0.1", True),
    ("recording_service", "2001:db8::1", True),
    ("recording_service", "ha-node_1.example.com", True),
    ("recording_service", "NODE7", True),
    ("recording_service", "10.0.0.256", False),
    ("recording_service", "10.0.0", False),
    ("recording_service", "10.0.0.1:8080", False),
    ("recording_service", "2001:db8::1::2", False),
    ("recording_service", "00:1A:2B:3C:4D:5E", False),
    ("recording_service", "node 1", False),
    ("recording_service", "node/1", False),
    ("recording_service", "node@home", False),
    ("recording_service", "node1,node2", False),
    ("recording_service", "node\n", False),
    ("windows_login", "CORP\\anna", True),
    ("windows_login", "corp.example.com\\anna.berg", True),
    ("windows_login", "CORP\\Anna Berg", True),
    ("windows_login", "CORP\\Müller", True),
    ("windows_login", "anna", False),
    ("windows_login", "\\anna", False),
    ("windows_login", "CORP\\", False),
    ("windows_login", "\\", False),
    ("windows_login", "CORP/anna", False),
    ("windows_login", "CORP\\\\anna", False),
    ("windows_login", "\\\\CORP\\anna", False),
    ("windows_login", "CORP\\anna\\berg", False),
    ("windows_login", "anna@corp.example.com", False),
    ("sip_uri", "sip:anna@example.com", True),
    ("sip_uri", "sip:anna.berg@pbx", True),
    ("sip_uri", "sip:0412@10.0.0.1", True),
    ("sip_uri", "sip:+4722123456@example.com", True),
    ("sip_uri", "sip:0412@[2001:db8::1]", True),
    ("sip_uri", "anna@example.com", False),
    ("sip_uri", "sip:", False),
    ("sip_uri", "sip:anna", False),
    ("sip_uri", "sip:anna@", False),
    ("sip_uri", "sip:@example.com", False),
    ("sip_uri", "sip:@", False),
    ("sip_uri", "sips:anna@example.com", False),
    ("sip_uri", "tel:anna@example.com", False),
    ("sip_uri", " sip:anna@example.com", False),
    ("sip_uri", "sip: anna@example.com", False),
    ("sip_uri", "sip:anna berg@example.com", False),
    ("sip_uri", "sip:anna@exam ple.com", False),
    ("sip_uri", "sip:anna@berg@example.com", False),
    ("sip_uri", "sip:anna@10.0.0.256", False),
    ("sip_uri", "sip:anna@10.0.0", False),
    ("sip_uri", "sip:anna@[2001:db8::1", False),
    ("sip_uri", "sip:anna@[10.0.0.x]", False),
    ("sip_uri", "sip:anna@example..com", False),
    ("sip_uri", "sip:anna@example.com, sip:b@example.com", False),
    ("extension", "0", True),
    ("extension", "000412", True),
    ("extension", "+44 20 7946 0000", True),
    ("extension", "desk 4", True),
    ("agent_id", "0017", True),
    ("agent_id", "anna.berg", True),
    ("additional_extensions", "0412", True),
    ("additional_extensions", "0412,0413,+4722123456", True),
    ("private_extensions", "0412, 0413", True),
    ("first_name", "Zoë \U0001f600", True),
    ("last_name", "O'Brien-Łukasz", True),
    ("user_name", "corp\\anna@example.com", True),
    ("location", '=1+1;"quoted"', True),
    ("password", " {SSHA}a+b/c== ", True),
    ("salt", " s ", True),
    ("user_id", "17", True),
]


@pytest.mark.parametrize(("key", "value", "accepted"), _CASES)
def test_value_is_validated_by_its_rule(key, value, accepted):
    faults = validate_user(user(**{key: value}))
    assert [fault.field and fault.field.key for fault in faults] == ([] if accepted else [key])


def test_valid_user_has_no_errors():
    assert validate_user(ANNA) == []


@pytest.mark.parametrize("key", _OPTIONAL)
def test_optional_field_may_be_empty(key):
    assert validate_user(user(**{key: ""})) == []


@pytest.mark.parametrize("key", _MANDATORY)
def test_required_field_must_have_a_value(key):
    (fault,) = validate_user(user(**{key: ""}))
    assert fault.field is FIELD[key]
    assert fault.severity is Severity.ERROR


def test_all_errors_are_returned_in_field_order():
    faults = validate_user(
        user(secondary_phone_ip="x", is_active="2", user_name="", phone_ip="y", sip_uri="z")
    )
    keys = [fault.field.key for fault in faults if fault.field]
    assert keys == ["user_name", "phone_ip", "is_active", "sip_uri", "secondary_phone_ip"]


@pytest.mark.parametrize(
    ("unlimited", "on_demand", "accepted"),
    [
        ("1", "0", True),
        ("0", "1", True),
        ("1", "1", False),
        ("0", "0", False),
        ("", "", False),
        ("1", "", False),
        ("", "0", False),
        ("1", "2", False),
        ("2", "0", False),
    ],
)
def test_exactly_one_of_two_licenses_is_required(unlimited, on_demand, accepted):
    faults = validate_user(user(unlimited_license=unlimited, on_demand_license=on_demand))
    assert bool(faults) is not accepted
    assert all(fault.field and fault.field.key in _LICENSES for fault in faults)


@pytest.mark.parametrize(("unlimited", "on_demand"), [("0", "0"), ("1", "1"), ("", ""), ("x", "")])
def test_update_accepts_unchanged_invalid_licenses(unlimited, on_demand):
    stored = user(unlimited_license=unlimited, on_demand_license=on_demand)
    assert validate_update(stored._replace(location="Bergen"), stored) == []


@pytest.mark.parametrize(("unlimited", "on_demand"), [("0", "0"), ("1", "1"), ("1", "")])
def test_update_rejects_changed_invalid_licenses(unlimited, on_demand):
    stored = user()
    after = stored._replace(unlimited_license=unlimited, on_demand_license=on_demand)
    assert validate_update(after, stored)


def test_update_rejects_other_invalid_licenses():
    stored = user(unlimited_license="0", on_demand_license="0")
    after = stored._replace(unlimited_license="1", on_demand_license="1")
    assert validate_update(after, stored)


def test_update_accepts_unchanged_invalid_value():
    stored = user(phone_ip="no address", is_active="yes")
    assert validate_update(stored._replace(location="Bergen"), stored) == []


def test_update_rejects_new_invalid_value():
    stored = user(phone_ip="no address")
    (fault,) = validate_update(stored._replace(phone_ip="none either"), stored)
    assert fault.field is FIELD["phone_ip"]


@pytest.mark.parametrize("key", [key for key in _MANDATORY if key not in _LICENSES])
def test_update_rejects_stored_empty_required_value(key):
    stored = user(**{key: ""})
    (fault,) = validate_update(stored._replace(location="Bergen"), stored)
    assert fault.field is FIELD[key]


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.key)
@pytest.mark.parametrize(
    "character",
    [*"\x00\x07\t\n\r\x1b\x1f\x7f\x80\x85\x9f", *map(chr, (0xD800, 0xDBFF, 0xDC80, 0xDFFF))],
    ids=ascii,
)
def test_control_characters_and_lone_surrogates_are_errors(field, character):
    fault = control_character_issue(field, f"before{character}after")
    assert fault is not None
    assert fault.field is field
    assert "before" not in fault.message + fault.fix


@pytest.mark.parametrize(
    "value", ["", " ", "~", "\xa0", "\xad", "é", "\u200b", "\u2028", "\ufeff", "\U0001f600"]
)
def test_other_characters_are_valid(value):
    assert control_character_issue(FIELD["location"], value) is None


def test_value_of_more_than_4096_characters_is_an_error():
    field = FIELD["location"]
    assert length_issue(field, "x" * MAX_VALUE) is None
    assert length_issue(field, "é" * MAX_VALUE) is None
    fault = length_issue(field, "x" * (MAX_VALUE + 1))
    assert fault is not None
    assert fault.field is field


@pytest.mark.parametrize("key", ["password", "salt"])
def test_errors_do_not_contain_secrets(key):
    secret = "HUNTER2" * 700
    faults = [
        control_character_issue(FIELD[key], secret + "\x07"),
        length_issue(FIELD[key], secret),
    ]
    faults += validate_user(user(**{key: secret}, is_active="x", phone_ip="y", sip_uri="z"))
    assert len(faults) == 5
    assert "HUNTER2" not in repr([fault and fault[1:] for fault in faults])


def test_shown_value_is_never_a_secret():
    assert redact_value(FIELD["password"], "HUNTER2") == REDACTED
    assert redact_value(FIELD["salt"], "HUNTER2") == REDACTED
    assert redact_value(None, "HUNTER2") == REDACTED
    assert redact_value(FIELD["location"], "Oslo") == "Oslo"


def test_long_value_is_shortened():
    long = "x" * MAX_VALUE
    assert len(redact_value(FIELD["location"], long)) < 100
    (fault,) = validate_user(user(phone_ip=long))
    assert len(fault.message) < 200


@pytest.mark.parametrize("key", ["phone_ip", "is_active", "recording_service", "windows_login"])
def test_error_has_a_fix(key):
    (fault,) = validate_user(user(**{key: "no\\such\\value at all"}))
    assert FIELD[key].name in fault.message
    assert fault.fix.startswith(("Enter ", "Use "))
    assert fault.fix.endswith(".")


_EXACT = [
    *("extension", "user_name", "recording_service", "sip_uri", "windows_login"),
    *(field.key for field in FIELDS if field.kind in ("ip", "list", "flag")),
]


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.key)
@pytest.mark.parametrize("character", ["\u200b", "\xad", "\ufeff", "\u202e", "\u0600", "\u2028"])
def test_invisible_character_is_an_error_in_exact_fields_and_otherwise_a_warning(field, character):
    issue = format_character_issue(field, f"before{character}after")
    assert issue
    assert issue.severity == (Severity.ERROR if field.key in _EXACT else Severity.WARNING)
    assert f"U+{ord(character):04X}" in issue.message
    assert ("before" in issue.message) is not field.is_secret
    assert format_character_issue(field, "beforeäafter") is None


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("1 true TRUE yes 1.0 wahr Ja vrai OUI", "1"),
        ("0 false No 0.0 Falsch nein faux non", "0"),
        ("2 10 1.00 y n on off t - 1;0", None),
    ],
)
def test_flag_is_parsed_from_boolean_words_in_any_case(words, expected):
    assert [parse_flag(word) for word in words.split()] == [expected] * len(words.split())
    assert parse_flag("") is None
