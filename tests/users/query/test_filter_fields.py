"""Filter names, their abbreviations and other spellings."""

import pytest

from qm_tui.users.fields import FIELDS
from qm_tui.users.query.filter_fields import NAMES, Asks, names_for, secret_meant


def test_every_field_except_secrets_has_a_filter_name():
    assert [one.field for one in NAMES.values() if one.field] == [
        field for field in FIELDS if not field.is_secret
    ]
    assert list(NAMES)[-5:] == ["license", "changed", "import", "marked", "duplicate"]


@pytest.mark.parametrize("field", [one for one in FIELDS if not one.is_secret], ids=str)
def test_field_is_found_by_key_names_and_aliases(field):
    for written in (field.key, field.name, field.key.replace("_", "-"), *field.aliases):
        for typed in (written, written.upper(), written.replace(" ", "_")):
            assert [one.field for one in names_for(typed)] == [field], typed


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
    assert [one.name for one in names_for(written)] == names.split()


@pytest.mark.parametrize("written", ["password", "PASSWORD", "Passw", "salt", "Salt-Value"])
def test_secret_is_recognized_by_its_names(written):
    field = secret_meant(written)
    assert field is not None
    assert field.is_secret


@pytest.mark.parametrize("written", ["", "sal", "user-name"])
def test_other_names_are_not_secrets(written):
    assert secret_meant(written) is None


def test_possible_values_are_listed_if_known():
    assert all(bool(one.values) == (one.asks is not Asks.TEXT) for one in NAMES.values())
    assert NAMES["license"].values == ("unlimited", "on-demand", "computer", "none")
    assert all(names_for(value) == [NAMES[value]] for value in NAMES["duplicate"].values)
