"""The licenses 14 and 15 as one option."""

import pytest

from qm_tui.users.fields import FIELD
from qm_tui.users.query.licenses import (
    CALL_LICENSES,
    License,
    call_license_of,
    call_license_values,
)
from qm_tui.users.validation import validate_user
from tests.helpers import ANNA


@pytest.mark.parametrize("license", CALL_LICENSES)
def test_selected_license_is_valid_and_round_trips(license: License):
    one = ANNA._replace(unlimited_license="1", on_demand_license="1")
    assert call_license_of(one) is None
    chosen = one._replace(**call_license_values(license))
    assert call_license_of(chosen) is license
    assert validate_user(chosen, allow_unlicensed=license is License.NONE) == []
    assert {
        key for key in FIELD if getattr(chosen, key) != getattr(one, key)
    } <= call_license_values(license).keys()
