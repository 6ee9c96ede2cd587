"""What a new user begins with: nothing, or what is shared with another user."""

from typing import Final

from qm_tui.users.fields import FIELD, FIELDS, Kind, User

NEW_USER: Final = User(
    is_active="1",
    recording_service="Any",
    unlimited_license="1",
    on_demand_license="0",
    computer_recording_license="0",
    lookback_enabled="0",
    privacy_enabled="0",
    dual_endpoints_enabled="0",
)
"""A user of whom nothing is known: active, with the license that most have (ours)."""

_SHARED: Final = tuple(
    FIELD[key]
    for key in (
        "department",
        "security_profile",
        "recording_profile",
        "recording_service",
        "location",
        *(field.key for field in FIELDS if field.kind is Kind.FLAG),
    )
)
"""What colleagues have in common; all else is a person's own."""


def like(user: User) -> User:
    """What a new user begins with who is like another: department, profiles, licenses, flags.

    Names, extensions, addresses, sign-ins, password and User ID are a person's own, and empty.
    """
    return User(**{field.key: user[field.index] for field in _SHARED})
