"""Warnings of a user."""

import pytest

from qm_tui.users.issues import Severity
from qm_tui.users.warnings import rows_with_warnings, user_warnings
from tests.helpers import ANNA, user

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
]


@pytest.mark.parametrize(("values", "keys"), _CASES)
def test_user_has_these_warnings(values, keys):
    found = list(user_warnings(user(**values)))
    assert [fault.field.key for fault in found if fault.field] == keys
    assert all(fault.severity is Severity.WARNING for fault in found)


@pytest.mark.parametrize(("values", "keys"), _CASES)
def test_users_with_warnings_are_found_among_many(values, keys):
    users = [ANNA, user(**values), ANNA]
    assert rows_with_warnings(list(zip(*users, strict=True))) == ({1} if keys else set())


@pytest.mark.parametrize(("values", "keys"), _CASES)
def test_update_does_not_warn_about_unchanged_values(values, keys):
    stored = user(**values)
    assert list(user_warnings(stored._replace(location="Bergen"), stored)) == []
    assert [one.field.key for one in user_warnings(stored, ANNA) if one.field] == keys
