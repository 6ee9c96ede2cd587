"""Filter names, their abbreviations and other spellings."""

from qm_tui.users.fields import FIELDS
from qm_tui.users.query.filter_fields import (
    matching_fields,
    secret_field_named,
)


def test_field_is_found_by_key_names_and_aliases():
    for field in FIELDS:
        for written in (field.key, field.name, field.key.replace("_", "-"), *field.aliases):
            for typed in (written, written.upper(), written.replace(" ", "_")):
                found = [one.field for one in matching_fields(typed) if one.name != "password"]
                assert found == ([] if field.is_secret else [field]), typed


_ABBREVIATED = {
    "active": ["active", "is_active", "ACTIVE", "Is-User-Active"],
    "extension": ["exten", "ext"],
    "department": ["dep", "department-name"],
    "user-name": ["user_name", "UserName"],
    "user-id user-name": ["user"],
    "recording-profile recording-service": ["rec"],
    "recording-profile": ["recording"],
    "phone-ip": ["phone"],
    "secondary-phone-ip": ["phone-ip-2"],
    "computer-recording-license": ["screen"],
    "sip-uri": ["sip"],
    "license": ["license", "lic"],
    "duplicate": ["dup"],
    "user-id user-name unlimited-license": ["u"],
    "password": ["password", "Passw"],
    "": ["", "-", "_", "salt", "departmant", "name"],
}
"""By the filter names that they mean: what is typed."""


def test_name_can_be_abbreviated_while_unambiguous():
    for names, typed in _ABBREVIATED.items():
        for written in typed:
            assert [one.name for one in matching_fields(written)] == names.split(), written


def test_secret_is_recognized_by_its_names():
    for written in ("password", "PASSWORD", "Passw", "salt", "Salt-Value"):
        field = secret_field_named(written)
        assert field is not None
        assert field.is_secret
    assert [secret_field_named(written) for written in ("", "sal", "user-name")] == [None] * 3
