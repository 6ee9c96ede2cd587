"""The fields that can be set for several users at once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from qm_tui.tui.widgets.option_row import RadioOption
from qm_tui.users.fields import CATEGORICAL, FIELD, Field
from qm_tui.users.query.licenses import CALL_LICENSES, License, call_license_values

_COMPUTER: Final = FIELD["computer_recording_license"]


def _license_values(value: str) -> Mapping[str, str]:
    return call_license_values(License(value))


def _computer_values(value: str) -> Mapping[str, str]:
    return {_COMPUTER.key: value}


class BulkField(NamedTuple):
    """A field, or a group of fields, that can be set for several users.

    Attributes:
        name: its name.
        field: the field, if its value is typed.
        options: the options, if one is selected.
        values: returns the values for an option, by field key.
    """

    name: str
    field: Field | None = None
    options: Sequence[RadioOption] = ()
    values: Callable[[str], Mapping[str, str]] = _computer_values


_FIRST: Final = (FIELD["recording_profile"], FIELD["security_profile"])
"""The fields that are set most often."""


def bulk_fields(*, allow_unlicensed: bool) -> Sequence[BulkField]:
    """Return all fields that can be set for several users, in the order of the dialog.

    Args:
        allow_unlicensed: whether users without a license are allowed.
    """
    labels = {License.UNLIMITED: "Unlimited", License.ON_DEMAND: "On-Demand", License.NONE: "none"}
    licenses = CALL_LICENSES if allow_unlicensed else CALL_LICENSES[:-1]
    options = [RadioOption(license.value, labels[license]) for license in licenses]
    yes_no = (RadioOption("1", "yes"), RadioOption("0", "no"))
    typed = (*_FIRST, *(field for field in CATEGORICAL if field not in _FIRST))
    return (
        *(BulkField(field.name, field) for field in typed),
        BulkField("Call recording license", None, options, _license_values),
        BulkField(_COMPUTER.name, None, yes_no, _computer_values),
    )
