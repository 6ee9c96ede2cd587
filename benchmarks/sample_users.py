"""Generated users for benchmarks, with reproducible User IDs."""

from qm_tui.users.fields import User
from sample_data import generate


def sample_users(count: int) -> dict[str, User]:
    """Return users by User ID."""
    numbered = enumerate(generate.users(count), start=1)
    users = (user._replace(user_id=f"u{number:011}") for number, user in numbered)
    return {user.user_id: user for user in users}
