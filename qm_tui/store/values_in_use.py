"""The values that the users of a store have in the fields with shared values."""

from collections.abc import Mapping

from qm_tui.progress import YieldControl, no_rest
from qm_tui.store.state import State
from qm_tui.users.fields import CATEGORICAL
from qm_tui.users.new_values import ValuesInUse


def values_in_use(
    state: State,
    rest: YieldControl = no_rest,
    apart_from: Mapping[tuple[str, str], int] | None = None,
) -> ValuesInUse:
    """Return the values in use in a store.

    Args:
        state: the state of the store.
        rest: called about every millisecond.
        apart_from: by field key and value, a number of users that do not count.
    """
    others = apart_from or {}
    return ValuesInUse(
        {
            field.key: [
                value
                for (value,), number in state.groups((field.key,), rest=rest).items()
                if number > others.get((field.key, value), 0)
            ]
            for field in CATEGORICAL
        }
    )
