"""Passwords that are set here.

The customer's document says that the file carries an encrypted password and a salt, and not how
they are made. So a password that is set here is this store's own: hashed with Argon2id, with a
fresh salt. The suite may not know it.
"""

import base64
import os
from collections.abc import Sequence
from operator import itemgetter
from typing import Final, NamedTuple

from qm_tui.users.fields import FIELD, MAX_VALUE, User

_SALT_BYTES: Final = 16
_OWN: Final = "$argon2id$"
_password_of = itemgetter(FIELD["password"].index)
_SALT_PART: Final = 4
"""Where in a hash, cut at its `$`, the salt stands."""


class Encrypted(NamedTuple):
    """A password as a user holds it.

    Attributes:
        password: the hash, with how it was made.
        salt: the salt that it was made with, as it stands in the hash.
    """

    password: str
    salt: str


def encrypted(password: str) -> Encrypted:
    """A password made unreadable, with a salt of its own. Takes some 50 ms and 64 MiB.

    Raises:
        ValueError: `password_fault` has something to say about it.
    """
    from argon2 import PasswordHasher  # noqa: PLC0415 - at the first password, not at each start

    if password_fault(password):
        msg = "not a password"
        raise ValueError(msg)
    salt = os.urandom(_SALT_BYTES)
    hashed = PasswordHasher().hash(password, salt=salt)
    return Encrypted(hashed, base64.b64encode(salt).decode().rstrip("="))


def password_fault(password: str) -> str:
    """What is wrong with a password that somebody typed, as a sentence; empty where nothing is."""
    if not password:
        return "The password is empty. Type one."
    if len(password) > MAX_VALUE:
        return f"The password has {len(password):,} characters, {MAX_VALUE:,} at most are allowed."
    if not password.isprintable():
        return "The password contains a character that cannot be typed. Type it anew."
    return ""


def with_own_passwords(users: Sequence[User]) -> list[User]:
    """Those of many users whose password was set here. Most hold none, which is seen at once."""
    places = [
        at for at, password in enumerate(map(_password_of, users)) if password.startswith(_OWN)
    ]
    return [users[at] for at in places if is_own(users[at])]


def is_own(user: User) -> bool:
    """Whether a user's password was set here, and may not work in the suite."""
    if not user.password.startswith(_OWN) or not user.salt:
        return False
    parts = user.password.split("$")
    return len(parts) > _SALT_PART and parts[_SALT_PART] == user.salt


SET_HERE: Final = (
    "The suite's own way to encrypt a password is not known: a password that is set here is this "
    "store's own, and may not work in the suite."
)
"""What whoever sets a password is told."""
