"""Warnings of a user."""

import pytest

from qm_tui.users.fields import FIELD, FIELDS, Kind
from qm_tui.users.issues import Severity
from qm_tui.users.warnings import user_warnings, value_warnings
from tests.helpers import ANNA, user

_QUOTED = [field.key for field in FIELDS if field.kind is not Kind.IP and field.key != "user_name"]
_CASES = [
    ({"on_demand_license": "1", "recording_profile": "Full"}, ["recording_profile"]),
    ({"on_demand_license": "1"}, []),
    ({"recording_profile": "Full"}, []),
    ({"windows_login": ""}, ["windows_login"]),
    ({"windows_login": "", "computer_recording_license": "0"}, []),
    ({"windows_login": "", "computer_recording_license": ""}, []),
    ({"secondary_phone_ip": ""}, ["secondary_phone_ip"]),
    ({"secondary_phone_ip": "", "dual_endpoints_enabled": "0"}, []),
    ({"sip_uri": "sip:bob@example.com"}, ["sip_uri"]),
    ({"sip_uri": "sip:ANNA@example.com"}, []),
    ({"sip_uri": "SIP:anna@example.com"}, []),
    ({"sip_uri": "sip:0412@example.com"}, []),
    ({"sip_uri": "sip:412@example.com"}, ["sip_uri"]),
    ({"sip_uri": ""}, []),
    ({"sip_uri": "no uri"}, []),
    (
        {"windows_login": "", "sip_uri": "sip:x@y", "secondary_phone_ip": ""},
        ["windows_login", "sip_uri", "secondary_phone_ip"],
    ),
    # signs of shifted or badly quoted records
    ({"extension": '04"12"', "sip_uri": ""}, ["extension"]),
    ({"additional_extensions": "0"}, ["additional_extensions"]),
    ({"private_extensions": "1"}, ["private_extensions"]),
    ({"additional_extensions": "10", "private_extensions": "0,1"}, []),
    ({"user_name": 'an"na"', "sip_uri": ""}, ["user_name"]),
    *(({key: '1"'}, [key]) for key in _QUOTED),
    ({"first_name": 'Anna "Ann'}, ["first_name"]),
    ({"sip_uri": 'sip:an"na@example.com'}, ["sip_uri", "sip_uri"]),
    ({"location": '"Oslo", "West'}, ["location"]),
    ({"first_name": 'Anna "Ann"', "location": 'Oslo "West"', "department": 'A ""'}, []),
    *(({key: '"Oslo"'}, [key]) for key in ("first_name", "agent_id", "department", "location")),
    ({"location": '"Oslo ""West"""'}, ["location"]),
    ({"location": '""'}, ["location"]),
    ({"first_name": 'A"nna"'}, ["first_name"]),
    ({"department": 'Sales ("West")'}, []),
    ({"private_extensions": '"0415"'}, ["private_extensions"]),
    *(({key: value}, [key]) for key in ("password", "salt") for value in (" x", "x\t", "\xa0x")),
    ({"password": "x y", "salt": "x\xa0y", "location": " Oslo "}, []),
    ({"additional_extensions": "0413,Oslo"}, ["additional_extensions"]),
    ({"private_extensions": "41É"}, ["private_extensions"]),
    ({"additional_extensions": "內線"}, ["additional_extensions"]),
    ({"additional_extensions": "+47 22-33,(0)4*1#", "private_extensions": "0415;0416"}, []),
    ({"department": "0412"}, ["department"]),
    ({"location": "٣٤"}, ["location"]),
    ({"department": "Sales 2", "location": "4-2", "agent_id": "17"}, []),
    ({"user_name": "-anna", "sip_uri": ""}, ["user_name"]),
    ({"user_name": '-an"na', "sip_uri": ""}, ["user_name", "user_name"]),
    ({"user_name": "an-na-", "sip_uri": "", "agent_id": "-"}, []),
]


@pytest.mark.parametrize(("values", "keys"), _CASES)
def test_user_has_these_warnings(values, keys):
    found = user_warnings(user(**values))
    assert [fault.field.key for fault in found if fault.field] == keys
    assert all(fault.severity is Severity.WARNING for fault in found)
    # an update has them only for values that change
    stored = user(**values)
    assert user_warnings(stored._replace(phone_ip=""), stored) == []
    assert [one.field.key for one in user_warnings(stored, ANNA) if one.field] == keys


@pytest.mark.parametrize(
    ("key", "value", "message", "kind"),
    [
        (
            "extension",
            '04"12',
            "Extension '04\"12' contains a quotation mark",
            "Extension contains a quotation mark",
        ),
        (
            "password",
            'HUNTER"2',
            "Password contains a quotation mark",
            "Password contains a quotation mark",
        ),
        (
            "salt",
            "HUNTER2 ",
            "Salt Value begins or ends with a blank",
            "Salt Value begins or ends with a blank",
        ),
        (
            "location",
            "0412",
            "Location '0412' contains only digits",
            "Location contains only digits",
        ),
    ],
)
def test_warning_of_a_value_shows_it_unless_it_is_secret(key, value, message, kind):
    (warning,) = value_warnings(FIELD[key], value)
    assert (warning.message, warning.kind) == (message, kind)
    assert user_warnings(user(**{key: value})) == [warning]
