"""Users for benchmarks: generated, with User IDs that are the same in every run."""

from qm_tui.users.fields import User
from sample_data import generate


def sample_users(count: int) -> dict[str, User]:
    """So many users by User ID."""
    users = enumerate(generate.users(count), start=1)
    named = (user._replace(user_id=f"u{number:011}") for number, user in users)
    return {user.user_id: user for user in named}
