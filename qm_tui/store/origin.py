"""The admin, the host and the address that a transaction is recorded with."""

import os
import pwd
import socket
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

_LOGIN_UID: Final = Path("/proc/self/loginuid")
_NO_LOGIN: Final = 2**32 - 1


class Origin(NamedTuple):
    """Who changes the store, and from where.

    Attributes:
        login: the login of the admin.
        address: the address of the admin's SSH client; empty if there is none.
        host: the name of this host.
        process: the ID of this process.
    """

    login: str
    address: str
    host: str
    process: int


@lru_cache(maxsize=1)
def _host() -> str:
    return socket.gethostname()


def login() -> str:
    """Return the login of the admin.

    The kernel remembers who logged in, even after `su` or `sudo`. If it does not know, or if root
    logged in, it is the user of the process. For root, it is the user who called `sudo`: only root
    is trusted not to set this variable by hand.
    """
    user = _logged_in() or os.getuid()
    called_sudo = os.environ.get("SUDO_USER", "") if not user else ""
    return called_sudo or _name_of(user)


def current_origin() -> Origin:
    """Return who changes the store now."""
    address = os.environ.get("SSH_CONNECTION", "").partition(" ")[0]
    return Origin(login(), address, _host(), os.getpid())


def _logged_in() -> int:
    """Return the ID of the user who logged in; 0 for root, or if it is not known."""
    try:
        number = int(_LOGIN_UID.read_text())
    except (OSError, ValueError):
        return 0
    return 0 if number == _NO_LOGIN else number


def _name_of(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
