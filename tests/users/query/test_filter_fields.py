"""Filter names, their abbreviations and other spellings."""

import pytest

from qm_tui.users.fields import FIELDS
from qm_tui.users.query.filter_fields import (
    FILTER_FIELDS,
    FilterKind,
    matching_fields,
    secret_field_named,
)


def test_every_field_except_secrets_has_a_filter_name():
    assert [one.field for one in FILTER_FIELDS.values() if one.field] == [
        field for field in FIELDS if not field.is_secret
    ]
    assert list(FILTER_FIELDS)[-5:] == ["changed", "import", "marked", "duplicate", "valid"]


@pytest.mark.parametrize("field", [one for one in FIELDS if not one.is_secret], ids=str)
def test_field_is_found_by_key_names_and_aliases(field):
    for written in (field.key, field.name, field.key.replace("_", "-"), *field.aliases):
        for typed in (written, written.upper(), written.replace(" ", "_")):
            assert [one.field for one in matching_fields(typed)] == [field], typed


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("active", "active"),
        ("is_active", "active"),
        ("ACTIVE", "active"),
        ("Is-User-Active", "active"),
        ("exten", "extension"),
        ("ext", "extension"),
        ("dep", "department"),
        ("department-name", "department"),
        ("user_name", "user-name"),
        ("UserName", "user-name"),
        ("user", "user-id user-name"),
        ("rec", "recording-profile recording-service"),
        ("recording", "recording-profile"),  # its name above the table
        ("phone", "phone-ip"),  # Phone IP 2 is another name of the other
        ("phone-ip-2", "secondary-phone-ip"),
        ("screen", "computer-recording-license"),
        ("sip", "sip-uri"),
        ("license", "license"),
        ("lic", "license"),
        ("dup", "duplicate"),
        ("u", "user-id user-name unlimited-license"),
        ("", ""),
        ("-", ""),
        ("_", ""),
        ("password", ""),
        ("salt", ""),
        ("departmant", ""),
        ("name", ""),
    ],
)
def test_name_can_be_abbreviated_while_unambiguous(written, names):
    assert [one.name for one in matching_fields(written)] == names.split()


@pytest.mark.parametrize("written", ["password", "PASSWORD", "Passw", "salt", "Salt-Value"])
def test_secret_is_recognized_by_its_names(written):
    field = secret_field_named(written)
    assert field is not None
    assert field.is_secret


@pytest.mark.parametrize("written", ["", "sal", "user-name"])
def test_other_names_are_not_secrets(written):
    assert secret_field_named(written) is None


def test_possible_values_are_listed_if_known():
    assert all(
        bool(one.values) == (one.kind is not FilterKind.TEXT) for one in FILTER_FIELDS.values()
    )
    assert FILTER_FIELDS["license"].values == ("unlimited", "on-demand", "computer", "none")
    assert all(
        matching_fields(value) == [FILTER_FIELDS[value]]
        for value in FILTER_FIELDS["duplicate"].values
    )
