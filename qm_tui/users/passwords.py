"""Hashing of passwords that are set with this program, and passwords of users who have none yet.

The documentation of the suite says that a users file contains an encrypted password and a salt, but
not how the suite computes them. Passwords that are set in qm-tui are hashed with Argon2id and a
random salt, and may not work in the suite.
"""

import base64
import os
import secrets
from typing import Final, NamedTuple

from qm_tui.users.fields import MAX_VALUE, User

EMPTY_PASSWORD: Final = "The password must not be empty."  # noqa: S105 - a message
PASSWORD_TOO_LONG: Final = f"Password too long (maximum {MAX_VALUE:,} characters)."
UNSUPPORTED_CHARACTER: Final = "The password contains an unsupported character. Type it again."

_SALT_BYTES: Final = 16
_LOCAL_PREFIX: Final = "$argon2id$"
NO_PASSWORD_PREFIX: Final = "$none-yet$"  # noqa: S105 - a mark that is the hash of no password
"""The beginning of the password of a user who has none yet (our choice)."""
_UNUSABLE_BYTES: Final = 24
_SALT_PART: Final = 4
"""The index of the salt in a hash split at `$`."""


class EncryptedPassword(NamedTuple):
    """A password as it is stored.

    Attributes:
        password: the hash with its parameters.
        salt: the salt, as it appears in the hash.
    """

    password: str
    salt: str


def encrypt_password(password: str) -> EncryptedPassword:
    """Hash a password (Argon2id) with a random salt. Takes about 50 ms and 64 MiB.

    Raises:
        ValueError: `password_error` rejects the password.
    """
    from argon2 import PasswordHasher  # noqa: PLC0415 - not needed at most starts

    if password_error(password):
        msg = "not a password"
        raise ValueError(msg)
    salt = os.urandom(_SALT_BYTES)
    hashed = PasswordHasher().hash(password, salt=salt)
    return EncryptedPassword(hashed, base64.b64encode(salt).decode().rstrip("="))


def password_error(password: str) -> str:
    """Return what is wrong with a typed password, as a sentence; empty if it is valid."""
    if not password:
        return EMPTY_PASSWORD
    if len(password) > MAX_VALUE:
        return PASSWORD_TOO_LONG
    if not password.isprintable():
        return UNSUPPORTED_CHARACTER
    return ""


def unusable_password() -> str:
    """Return the password of a user who has none yet: random, and the hash of no password."""
    return NO_PASSWORD_PREFIX + secrets.token_urlsafe(_UNUSABLE_BYTES)


def is_unusable(password: str) -> bool:
    """Return whether a stored password is that of a user who has none yet."""
    return password.startswith(NO_PASSWORD_PREFIX)


def has_no_password(user: User) -> bool:
    """Return whether a user has no password yet, and cannot log in."""
    return is_unusable(user.password)


def has_local_password(user: User) -> bool:
    """Return whether a password was set with this program, and may not work in the suite."""
    if not user.password.startswith(_LOCAL_PREFIX) or not user.salt:
        return False
    parts = user.password.split("$")
    return len(parts) > _SALT_PART and parts[_SALT_PART] == user.salt


LOCAL_HASH_NOTE: Final = (
    "qm-tui cannot encrypt passwords in the format of the suite. A password set here may not work "
    "in the suite."
)
"""The warning for admins who set a password."""
