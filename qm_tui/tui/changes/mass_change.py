"""Captions of the dialog that confirms a mass change."""

from typing import Final, NamedTuple

from qm_tui.store.changes.bulk import BulkPlan
from qm_tui.text import pluralize
from qm_tui.users.fields import FIELD

NOT_SAVED: Final = "Nothing has been saved yet."

_COMPUTER: Final = FIELD["computer_recording_license"]
_CALL: Final = frozenset({"unlimited_license", "on_demand_license"})


class MassChange(NamedTuple):
    """Captions for a mass change.

    Attributes:
        title: the question, with the number of users.
        effect: the effect, as a sentence.
        confirm: the caption of the button that confirms it.
    """

    title: str
    effect: str
    confirm: str


def mass_change_of(plan: BulkPlan) -> MassChange:
    """Return the captions for a plan that requires confirmation."""
    number, values = plan.required_confirmation, plan.change.values
    users, share = pluralize(number, "user"), share_of(number, len(plan.state.users))
    if values is None:
        return MassChange(f"Delete {users}?", deletion_effect(share), f"Delete {users}")
    if values.keys() == {"is_active"}:
        effect = f"This inactivates {share}."
        return MassChange(f"Inactivate {users}?", effect, f"Inactivate {users}")
    if values.keys() <= _CALL or values.keys() == {_COMPUTER.key}:
        name = _COMPUTER.name if _COMPUTER.key in values else "call recording license"
        title = f"Remove licenses from {users}?"
        return MassChange(title, f"{share} will have no {name}.", f"Remove {number:,} licenses")
    (key,) = values
    name = FIELD[key].name
    effect = f"This removes {name} from {share}."
    return MassChange(f"Clear {name} for {users}?", effect, f"Clear {number:,} values")


def share_of(number: int, total: int) -> str:
    """Return a number of users out of all: `312 of 1,204 users`."""
    return f"{number:,} of {pluralize(total, 'user')}"


def deletion_effect(share: str) -> str:
    """Return the effect of a deletion.

    Args:
        share: the number of users, out of all.
    """
    return f"This deletes {share}. In the suite, their recordings are deleted, too."
