"""A store that a group shares: a set-gid folder, and files that all of the group may write.

What is made in such a folder later, by whomever, gets the group and the modes as well: see
`qm_tui.files.access_in`.
"""

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from qm_tui.files import SHARED, SHARED_FOLDER, Access, make_folder
from qm_tui.refusal import reason
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import UserStore
from qm_tui.text import visible

_OPEN_FOLDER: Final = 0o755
"""Folders above a shared one: all of the group must get through."""


def journal_of(store: Path) -> Path:
    """The journal of a store."""
    return store.with_name(store.name + ".journal")


def user_history(store: Path) -> Path:
    """The folder of a store's history."""
    return store.with_name(store.name + ".history")


def files_of(store: Path) -> Iterator[Path]:
    """The files of a store that are there, links aside."""
    beside = [store.with_name(store.name + more) for more in ("", ".journal", ".lock", "~")]
    folder = user_history(store)
    if folder.is_dir() and not folder.is_symlink():
        beside += sorted(folder.iterdir())
    return (one for one in beside if one.is_file() and not one.is_symlink())


def group_number(name: str) -> int:
    """The number of a group of which whoever runs this is a member.

    Raises:
        StoreError: there is no such group, or it is another's.
    """
    shown = visible(name, 64)
    try:
        number = grp.getgrnam(name).gr_gid
    except (KeyError, ValueError) as error:
        msg = f"There is no group {shown} on this machine. Make it first, or name another."
        raise StoreError(msg) from error
    if os.geteuid() and number not in (os.getegid(), *os.getgroups()):
        msg = (
            f"You are not a member of the group {shown}: let one of its members or root do this. "
            "A new membership counts from the next login."
        )
        raise StoreError(msg)
    return number


def make_shared_folder(store: Path, group: int) -> None:
    """Make the folder of a store one that a group shares.

    Raises:
        StoreError: it could not be done, or the folder holds other things than the store.
    """
    access = Access(SHARED, group)
    folder = Path(os.path.realpath(store.parent))
    shown = visible(str(folder))
    try:
        if folder.exists():
            _require_nothing_else(folder, store.name, group)
        else:
            folder.parent.mkdir(_OPEN_FOLDER, parents=True, exist_ok=True)
            make_folder(folder, access)
        _share(folder, access)
    except OSError as error:
        msg = f"The folder {shown} cannot be shared: {reason(error)}."
        raise StoreError(msg) from error


def _require_nothing_else(folder: Path, name: str, group: int) -> None:
    """Make sure that to share a folder gives nobody what was not meant."""
    if not folder.is_dir():
        msg = f"{visible(str(folder))} is not a folder: give another place for the store."
        raise StoreError(msg)
    status = folder.stat()
    if (status.st_gid, stat.S_IMODE(status.st_mode)) == (group, SHARED_FOLDER):
        return
    for one in folder.iterdir():
        if not one.name.removeprefix(".").startswith(name):
            msg = (
                f"The folder {visible(str(folder))} holds other things than a store "
                f"({visible(one.name, 60)}), which a group would share too. Give a folder of its "
                "own."
            )
            raise StoreError(msg)


def share(store: UserStore, group: int) -> int:
    """Give the files of a store to a group; an empty store is made where there is none.

    Its folder is shared already. Nobody writes meanwhile.

    Args:
        store: the store.
        group: the number of the group.

    Returns:
        How many files there were.

    Raises:
        StoreError: a file is another's, or could not be changed.
    """
    path = Path(os.path.realpath(store.location))
    access = Access(SHARED, group)
    with store.transaction("init") as transaction:
        there = list(files_of(path)) if path.exists() else []
        try:
            for file in there:
                _share(file, access)
            if user_history(path).is_dir():
                _share(user_history(path), access)
        except PermissionError as error:
            owner = _owner(error.filename)
            msg = (
                f"{visible(str(error.filename))} belongs to {owner}: only {owner} or root can "
                "share this store."
            )
            raise StoreError(msg) from error
        except OSError as error:
            msg = f"The store {visible(store.location)} cannot be shared: {reason(error)}."
            raise StoreError(msg) from error
        transaction.commit({})
    return len(there)


def _share(path: Path, access: Access) -> None:
    """Give a file or a folder its group and its mode.

    Raises:
        OSError: it could not be done.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags)
    try:
        status = os.fstat(descriptor)
        mode = SHARED_FOLDER if stat.S_ISDIR(status.st_mode) else access.mode
        if (status.st_gid, stat.S_IMODE(status.st_mode)) == (access.group, mode):
            return
        try:
            os.fchown(descriptor, -1, access.group)
            os.fchmod(descriptor, mode)
        except PermissionError as error:
            error.filename = str(path)
            raise
    finally:
        os.close(descriptor)


def _owner(path: str) -> str:
    number = os.lstat(path).st_uid
    try:
        return visible(pwd.getpwuid(number).pw_name, 64)
    except KeyError:
        return str(number)
