"""Who is at work, and from where: what a transaction is signed with."""

import os
import pwd
import socket
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

_LOGIN_UID: Final = Path("/proc/self/loginuid")
_NO_LOGIN: Final = 2**32 - 1


class Origin(NamedTuple):
    """Who is at work.

    Attributes:
        login: the login of the admin.
        address: the address that the SSH line came from; empty where there is none.
        host: this machine.
        process: this process.
    """

    login: str
    address: str
    host: str
    process: int


@lru_cache(maxsize=1)
def _host() -> str:
    return socket.gethostname()


def login() -> str:
    """The login of the person at work.

    The kernel remembers who logged in, whoever they became since. Where it does not know, or knows
    only that root did, sudo says on whose behalf it works.
    """
    by_kernel = _logged_in()
    if by_kernel:
        return _name_of(by_kernel)
    return os.environ.get("SUDO_USER") or _name_of(os.getuid())


def current_origin() -> Origin:
    """Who is at work now."""
    address = os.environ.get("SSH_CONNECTION", "").partition(" ")[0]
    return Origin(login(), address, _host(), os.getpid())


def _logged_in() -> int:
    """The user ID that logged in; 0 where that is not known, or root."""
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
