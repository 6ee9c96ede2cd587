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

_LICENSES = ("unlimited_license", "on_demand_license")

_FLAGS = " ".join(one.key for one in FIELDS if one.kind == "flag" and one.key not in _LICENSES)
_CASES = {
    (
        "phone_ip secondary_phone_ip",
        True,
    ): "10.0.0.1 ¦ 224.0.0.1 ¦ 255.255.255.255 ¦ ::1 ¦ 2001:db8::ff00:42:8329 ¦ "
    "2001:0DB8:0000:0000:0000:FF00:0042:8329 ¦ ::ffff:10.0.0.1 ¦ "
    "00:1A:2b:3C:4d:5E ¦ 00-1A-2B-3C-4D-5E ¦ 001A2B3C4D5E ¦ 001122334455 ¦ "
    "001a.2b3c.4d5e",
    (
        "phone_ip secondary_phone_ip",
        False,
    ): "256.0.0.1 ¦ 10.0.0 ¦ 10.0.0.1.2 ¦ 10.0.0. ¦ 10.0.0.1:5060 ¦ 10.0.0.1/24 ¦ "
    "10.0.0.1  ¦ 10.0.0.1\n ¦ 10.0.0.１ ¦ 0x7f.0.0.1 ¦ 2130706433 ¦ 1::2::3 ¦ "
    "12345::1 ¦ 2001:db8::1/64 ¦ : ¦ 00:1A:2B:3C:4D ¦ 00:1A:2B:3C:4D:5E:6F ¦ "
    "00:1A-2B:3C-4D:5E ¦ 0G:1A:2B:3C:4D:5E ¦ 001A2B3C4D5 ¦ Any ¦ phone",
    (_FLAGS, True): "0 ¦ 1",
    (_FLAGS, False): "2 ¦ -1 ¦ 01 ¦ +1 ¦ 1.0 ¦  1 ¦ 1\n ¦ true ¦ Yes ¦ x ¦ １ ¦ ²",
    ("recording_service", True): "Any ¦ 10.0.0.1 ¦ 2001:db8::1 ¦ ha-node_1.example.com ¦ NODE7",
    (
        "recording_service",
        False,
    ): "10.0.0.256 ¦ 10.0.0 ¦ 10.0.0.1:8080 ¦ 2001:db8::1::2 ¦ 00:1A:2B:3C:4D:5E ¦ "
    "10102101100 ¦ node 1 ¦ node/1 ¦ node@home ¦ node1,node2 ¦ node\n",
    (
        "windows_login",
        True,
    ): "CORP\\anna ¦ corp.example.com\\anna.berg ¦ CORP\\Anna Berg ¦ CORP\\Müller",
    (
        "windows_login",
        False,
    ): "anna ¦ \\anna ¦ CORP\\ ¦ \\ ¦ CORP/anna ¦ CORP\\\\anna ¦ \\\\CORP\\anna ¦ "
    "CORP\\anna\\berg ¦ anna@corp.example.com",
    ("sip_uri", True): "sip:anna@example.com ¦ sip:anna.berg@pbx ¦ sip:0412@10.0.0.1 ¦ "
    "sip:+4722123456@example.com ¦ sip:0412@[2001:db8::1]",
    (
        "sip_uri",
        False,
    ): "anna@example.com ¦ sip: ¦ sip:anna ¦ sip:anna@ ¦ sip:@example.com ¦ sip:@ ¦ "
    "sips:anna@example.com ¦ tel:anna@example.com ¦  sip:anna@example.com ¦ "
    "sip: anna@example.com ¦ sip:anna berg@example.com ¦ sip:anna@exam ple.com ¦ "
    "sip:anna@berg@example.com ¦ sip:anna@10.0.0.256 ¦ sip:anna@10.0.0 ¦ "
    "sip:anna@[2001:db8::1 ¦ sip:anna@[10.0.0.x] ¦ sip:anna@example..com ¦ "
    "sip:anna@example.com, sip:b@example.com",
    ("extension", True): "0 ¦ 000412 ¦ +44 20 7946 0000 ¦ desk 4",
    ("agent_id", True): "0017 ¦ anna.berg",
    ("additional_extensions", True): "0412 ¦ 0412,0413,+4722123456",
    ("private_extensions", True): "0412, 0413",
    ("first_name", True): "Zoë 😀",
    ("last_name", True): "O'Brien-Łukasz",
    ("user_name", True): "corp\\anna@example.com",
    ("location", True): '=1+1;"quoted"',
    ("password", True): " {SSHA}a+b/c== ",
    ("salt", True): " s ",
    ("user_id", True): "17",
}
"""By fields, and whether they are accepted: values."""


@pytest.mark.parametrize(("keys", "accepted"), _CASES)
def test_value_is_validated_by_its_rule(keys, accepted):
    for key in keys.split():
        for value in _CASES[keys, accepted].split(" ¦ "):
            faults = validate_user(user(**{key: value}))
            expected = [] if accepted else [key]
            assert [fault.field and fault.field.key for fault in faults] == expected, value


def test_required_fields_must_have_a_value_and_optional_ones_may_be_empty():
    assert validate_user(ANNA) == []
    for field in FIELDS:
        stored = user(**{field.key: ""})
        expected = [(field, Severity.ERROR)] if field.required else []
        assert [(one.field, one.severity) for one in validate_user(stored)] == expected
        if field.key not in _LICENSES:
            faults = validate_update(stored._replace(location="Bergen"), stored)
            assert [one.field for one in faults] == ([field] if field.required else [])


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


def test_update_rejects_licenses_only_if_they_change():
    for flags in ("00", "11", "x0", "1x"):
        licenses = dict(zip(_LICENSES, flags, strict=True))
        stored = user(**licenses)
        assert validate_update(stored._replace(location="Bergen"), stored) == []
        assert validate_update(ANNA._replace(**licenses), ANNA)
        other = stored._replace(unlimited_license="0", on_demand_license="x")
        assert validate_update(other, stored)


def test_update_accepts_unchanged_invalid_value():
    stored = user(phone_ip="no address", is_active="yes")
    assert validate_update(stored._replace(location="Bergen"), stored) == []


def test_control_characters_and_lone_surrogates_are_errors():
    for character in "\x00\x07\t\n\r\x1b\x1f\x7f\x80\x85\x9f\ud800\udbff\udc80\udfff":
        for field in FIELDS:
            fault = control_character_issue(field, f"before{character}after")
            assert fault is not None
            assert fault.field is field
            assert "before" not in fault.message + fault.fix
    for character in " ~\xa0\xad\u00e9\u200b\u2028\ufeff\U0001f600":
        assert control_character_issue(FIELD["location"], character) is None


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


_EXACT = [
    *("extension", "user_name", "recording_service", "sip_uri", "windows_login"),
    *(field.key for field in FIELDS if field.kind in ("ip", "list", "flag")),
]


def test_invisible_character_is_an_error_in_exact_fields_and_otherwise_a_warning():
    for character in "\u200b\xad\ufeff\u202e\u0600\u2028":
        for field in FIELDS:
            issue = format_character_issue(field, f"before{character}after")
            assert issue
            assert issue.severity == (Severity.ERROR if field.key in _EXACT else Severity.WARNING)
            assert f"U+{ord(character):04X}" in issue.message
            assert ("before" in issue.message) is not field.is_secret
            assert format_character_issue(field, "before\u00e4after") is None


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
