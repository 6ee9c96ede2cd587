"""The field table agrees with the document of the users file."""

from qm_tui.users import fields
from qm_tui.users.fields import FIELD, FIELDS, GROUPED, KEYS, Kind, User

_DOCUMENT = """
First Name                   | first_name                 | M | text
Last Name                    | last_name                  | M | text
Extension                    | extension                  | M | text
User ID                      | user_id                    |   | id
Agent ID                     | agent_id                   |   | text
Department Name              | department                 |   | text
User Name                    | user_name                  | M | text
Password                     | password                   | M | secret
Security Profile Name        | security_profile           |   | text
Recording Profile Name       | recording_profile          |   | text
Phone IP                     | phone_ip                   |   | ip
Is User Active               | is_active                  | M | flag
Recording Service IP Address | recording_service          | M | text
Unlimited License            | unlimited_license          | M | flag
On-Demand License            | on_demand_license          | M | flag
Computer Recording License   | computer_recording_license |   | flag
Windows Login                | windows_login              |   | text
SIP URI                      | sip_uri                    |   | text
Salt Value                   | salt                       |   | secret
Location                     | location                   |   | text
Additional Extensions        | additional_extensions      |   | list
Lookback Enabled             | lookback_enabled           |   | flag
Privacy Enabled              | privacy_enabled            |   | flag
Private Extensions           | private_extensions         |   | list
Dual Endpoints Enabled       | dual_endpoints_enabled     |   | flag
Phone IP                     | secondary_phone_ip         |   | ip
"""

_TABLE = [[cell.strip() for cell in line.split("|")] for line in _DOCUMENT.strip().splitlines()]

_ALIASES = {
    "phone_ip": {"Phone IP/Mac Address"},
    "computer_recording_license": {"Screen Recording License"},
    "secondary_phone_ip": {"Secondary Phone IP", "Phone IP 2", "Phone IP2", "Phone IP.1"},
}

_ONLY_FOR = {
    "windows_login": "computer recording",
    "sip_uri": "OCS 2007",
    "salt": "CallRex 4.1",
    "additional_extensions": "TAPI",
    "private_extensions": "SCCP",
    "dual_endpoints_enabled": "SCCP",
    "secondary_phone_ip": "SCCP",
}


def test_fields_agree_with_the_document():
    assert [field.number for field in FIELDS] == list(range(1, 27))
    assert [field.index for field in FIELDS] == list(range(26))
    for (header, key, mandatory, kind), field in zip(_TABLE, FIELDS, strict=True):
        facts = (field.header, field.key, field.required, field.kind)
        assert facts == (header, key, mandatory == "M", Kind(kind))
        assert set(field.aliases) == _ALIASES.get(key, set())
        assert _ONLY_FOR.get(key, "") in field.only_for
        assert bool(field.only_for) == (key in _ONLY_FOR)
        assert FIELD[key] is field
        assert field.meaning.endswith(".")
    assert User._fields == KEYS == tuple(key for _, key, _, _ in _TABLE) == tuple(FIELD)
    assert User() == ("",) * 26
    assert len({field.name for field in FIELDS}) == len({field.short for field in FIELDS}) == 26
    assert fields.MAX_VALUE == 4096
    assert [field.key for field in fields.SECRETS] == ["password", "salt"]
    assert sorted(field.number for group in GROUPED.values() for field in group) == [*range(1, 27)]


def test_user_without_secrets_has_24_values():
    user = User(**{key: f"value of {key}" for key in KEYS})
    shown = fields.without_secrets(user)
    assert shown == {key: f"value of {key}" for key in KEYS if key not in ("password", "salt")}
