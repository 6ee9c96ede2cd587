"""What can be changed for several users at once, and by which choices."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from qm_tui.tui.widgets.option_row import Option
from qm_tui.users.fields import FIELD, Field
from qm_tui.users.query.licenses import CALL_LICENSES, License, call_license_values

_COMPUTER: Final = FIELD["computer_recording_license"]


def _license_values(choice: str) -> Mapping[str, str]:
    return call_license_values(License(choice))


def _computer_values(choice: str) -> Mapping[str, str]:
    return {_COMPUTER.key: choice}


class What(NamedTuple):
    """What can be changed for several users.

    Attributes:
        name: its name.
        field: the field, where its value is typed.
        options: the choices, where there are some.
        values: given a choice, what is given to the users, by field key.
    """

    name: str
    field: Field | None = None
    options: Sequence[Option] = ()
    values: Callable[[str], Mapping[str, str]] = _computer_values


_TYPED: Final = ("recording_profile", "security_profile", "department", "location")


def all_that_can_change(*, allow_unlicensed: bool) -> Sequence[What]:
    """All that can be changed for several users, in the order in which it is offered.

    Args:
        allow_unlicensed: whether users may be left without a license.
    """
    words = {License.UNLIMITED: "Unlimited", License.ON_DEMAND: "On-Demand", License.NONE: "none"}
    licenses = CALL_LICENSES if allow_unlicensed else CALL_LICENSES[:-1]
    options = [Option(one.value, words[one]) for one in licenses]
    yes_no = (Option("1", "yes"), Option("0", "no"))
    typed = [FIELD[key] for key in (*_TYPED, "recording_service")]
    return (
        *(What(field.name, field) for field in typed),
        What("Call recording license", None, options, _license_values),
        What(_COMPUTER.name, None, yes_no, _computer_values),
    )
