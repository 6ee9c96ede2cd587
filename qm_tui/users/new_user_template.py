"""Initial values of a new user: the defaults, or the values shared with another user."""

from typing import Final

from qm_tui.users.fields import FIELDS, User

NEW_USER: Final = User(*(field.initial for field in FIELDS))
"""The defaults: an active user with the most common license (our choice)."""


def template_from(user: User) -> User:
    """Return the initial values of a new user who is similar to another one.

    Department, location, profiles, licenses and other shared values are copied. Names, extensions,
    addresses, logins, password and User ID are empty.
    """
    return User(*(user[field.index] if field.repeats else "" for field in FIELDS))
