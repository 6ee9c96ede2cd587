"""The guard against mass changes: what hits many users at once asks for their number.

Source: the users file, section 3. An import never deletes a user; other changes may, and those who
would be deleted count as well.
"""

from typing import Final

from qm_tui.progress import STEP, Phase, Tick, no_tick
from qm_tui.store.state import Changes, State
from qm_tui.users.fields import FIELD, FIELDS, User

SHARE: Final = 0.2
"""The share of all users beyond which a change is a mass change."""

LEAST: Final = 10
"""The users that a mass change hits at the least."""

_ACTIVE: Final = FIELD["is_active"].index
_LICENSES: Final = (FIELD["unlimited_license"].index, FIELD["on_demand_license"].index)
_COMPUTER: Final = FIELD["computer_recording_license"].index
_OPTIONAL: Final = tuple(one.index for one in FIELDS if not one.mandatory and one.key != "user_id")


def required_confirmation(changes: Changes, state: State, tick: Tick = no_tick) -> int:
    """The number that the admin must type before the changes are made; 0 where none is asked for.

    It is that of the users who would be deleted, inactivated or left without a license, or would
    lose an optional value.
    """
    hit = 0
    for done, (user_id, user) in enumerate(changes.items(), start=1):
        stored = state.users.get(user_id)
        hit += stored is not None and takes_away(stored, user)
        if not done % STEP:
            tick(Phase.CHECKING, done, len(changes))
    return confirmation_count(hit, len(state.users))


def confirmation_count(hit: int, users: int) -> int:
    """The number to type where so many of all users are hit; 0 where that is no mass change."""
    return hit if hit >= LEAST and hit > SHARE * users else 0


INACTIVATES: Final = "inactivates"
UNLICENSES: Final = "unlicenses"
CLEARS: Final = "clears values of"


def removed_by_change(stored: User, user: User) -> list[str]:
    """What a change takes from a user, in words; empty where it takes nothing."""
    taken = []
    if stored[_ACTIVE] == "1" and user[_ACTIVE] != "1":
        taken.append(INACTIVATES)
    if _loses_a_license(stored, user):
        taken.append(UNLICENSES)
    if _loses_a_value(stored, user):
        taken.append(CLEARS)
    return taken


def takes_away(stored: User, user: User | None) -> bool:
    """Whether a change deletes, inactivates or unlicenses a user, or clears an optional value."""
    return user is None or bool(removed_by_change(stored, user))


def _loses_a_value(stored: User, user: User) -> bool:
    for at in _OPTIONAL:  # noqa: SIM110 - half the time, asked of every user of an import
        if not user[at] and stored[at]:
            return True
    return False


def _loses_a_license(stored: User, user: User) -> bool:
    """Whether a user is left without recording license 14 or 15, or without license 16."""
    if stored[_COMPUTER] == "1" and user[_COMPUTER] != "1":
        return True
    one, other = _LICENSES
    had = stored[one] == "1" or stored[other] == "1"
    return had and user[one] != "1" and user[other] != "1"
