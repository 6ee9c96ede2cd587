"""Generated users for benchmarks, with reproducible User IDs; and all users of a store."""

from qm_tui.store.state import State
from qm_tui.users.fields import User
from sample_data import generate


def sample_users(count: int) -> dict[str, User]:
    """Return users by User ID."""
    numbered = enumerate(generate.users(count), start=1)
    users = (user._replace(user_id=f"u{number:011}") for number, user in numbered)
    return {user.user_id: user for user in users}


def stored_users(state: State) -> dict[str, User]:
    """Return all users of a store by User ID, in store order."""
    return {user.user_id: user for users in state.stream() for user in users}
