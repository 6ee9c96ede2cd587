"""The beginning of the single file: it unpacks the program once, and runs it from there.

Compiled parts cannot be loaded from a zip file. So the parts for this Python are unpacked into the
cache of the login, into a folder of their own for each build and Python.

No other user may be able to replace them. shiv and pex make such files, too. But they unpack with
the permissions of the umask, and do not check who owns the folder or can write to it. This module
refuses such a folder. It can be deleted when one of them does.

It runs before any part can be imported, so it uses the standard library only.
"""

import grp
import os
import pwd
import re
import stat
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Final, NoReturn

LIBRARY: Final = "lib"
"""The folder of the parts in the single file."""

SHARE: Final = "share"
"""The folder of the man pages and completions, which an admin can copy from the cache."""

_FAILED: Final = 2
_CANCELED: Final = 130
_PRIVATE: Final = 0o077
"""The umask of what is unpacked."""

_COMPLETE: Final = "complete"
"""The file that is unpacked last. Nothing reads it, so what removes old files removes it first."""

_ELSEWHERE: Final = "Set XDG_CACHE_HOME to a folder that only you can write to."


def supports(suffix: str, glibc: int) -> bool:
    """Whether compiled parts with this suffix, which need glibc 2.N, can be loaded."""
    try:
        version = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except ValueError:  # not glibc
        return False
    found = re.fullmatch(r"glibc 2\.(\d+).*", version)
    return EXTENSION_SUFFIXES[0] == suffix and found is not None and int(found[1]) >= glibc


def launch(build: str) -> NoReturn:
    """Unpack the program, unless it has been unpacked already, and run it.

    Args:
        build: the name of the build. Another build has another name.
    """
    archive = str(Path(__file__).parent)
    umask = os.umask(_PRIVATE)
    try:
        library = _unpacked(archive, f"{build}-{sys.implementation.cache_tag}")
    except KeyboardInterrupt:
        _fail("Canceled. Nothing was changed.", _CANCELED)
    except (OSError, RuntimeError) as error:  # the disk is full; there is no home folder
        reason = getattr(error, "strerror", None) or str(error).rstrip(".")
        _fail(f"Cannot unpack qm-tui into the cache: {reason}. {_ELSEWHERE}")
    os.umask(umask)
    sys.path = [library, *(path for path in sys.path if path != archive)]
    from qm_tui.__main__ import main  # it can be found only now

    main()


def _unpacked(archive: str, name: str) -> str:
    """Return the folder with the unpacked parts."""
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    base = given if given.is_absolute() else Path("~/.cache").expanduser()
    cache = base / "qm-tui"
    cache.mkdir(parents=True, exist_ok=True)
    cache = cache.resolve()
    _check(cache)
    target = cache / name
    if os.path.lexists(target):
        _check_unpacked(target)
    if not (target / _COMPLETE).is_file():
        _unpack(archive, target)
    return str(target / LIBRARY)


def _check(cache: Path) -> None:
    """Fail if another user, except root, could replace a folder or what is in it."""
    for folder in (cache, *cache.parents):
        status = folder.stat()
        owners, mode = {os.geteuid()}, status.st_mode
        if folder != cache:
            owners.add(0)
            if mode & stat.S_ISVTX:  # as in /tmp, only the owner of a folder can rename it
                mode = 0
            if mode & stat.S_IWGRP and _is_private(status.st_gid):
                mode &= ~stat.S_IWGRP
        if status.st_uid not in owners:
            _fail(f"Cannot use the cache: '{folder}' belongs to another user. {_ELSEWHERE}")
        if mode & (stat.S_IWGRP | stat.S_IWOTH):
            _fail(f"Cannot use the cache: other users can write to '{folder}'. {_ELSEWHERE}")
    if os.statvfs(cache).f_flag & os.ST_NOEXEC:
        _fail(f"Cannot use the cache: no program may run from '{cache}'. {_ELSEWHERE}")


def _check_unpacked(target: Path) -> None:
    """Fail if another user, except root, could have changed what is in the unpacked folder.

    Nobody else can reach a file in it, whatever its permissions are: so the folder is enough.
    """
    status = target.lstat()
    if status.st_uid != os.geteuid():
        _fail(f"Cannot use the cache: '{target}' belongs to another user. {_ELSEWHERE}")
    if status.st_mode & _PRIVATE:
        _fail(
            f"Cannot use the cache: other users can access '{target}'. "
            "Delete that folder, and start qm-tui again."
        )


def _is_private(group: int) -> bool:
    """Whether a group is the one that many systems create for each login."""
    try:
        login, (name, _, _, members) = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(group)
    except KeyError:
        return False
    return name == login and {*members} <= {login}


def _unpack(archive: str, target: Path) -> None:
    """Unpack the parts for this Python into a folder that appears only when it is complete."""
    import shutil  # only the first start needs these
    import zlib
    from tempfile import mkdtemp
    from zipfile import BadZipFile, ZipFile

    temporary = Path(mkdtemp(prefix=f"{target.name}.", dir=target.parent))
    new = temporary / "new"
    foreign = re.compile(r"\.cpython-(?!" + re.escape(EXTENSION_SUFFIXES[0].split("-")[1]) + "-)")
    try:
        with ZipFile(archive) as parts:
            for name in parts.namelist():
                if name.startswith((f"{LIBRARY}/", f"{SHARE}/")) and not foreign.search(name):
                    parts.extract(name, new)
        (new / _COMPLETE).touch()
        os.sync()  # else a power failure could leave empty files under the final name
        try:
            new.rename(target)
        except OSError:
            if not target.is_dir():
                raise
            if not (target / _COMPLETE).is_file():  # else another start of the program was faster
                target.rename(temporary / "incomplete")
                new.rename(target)
    except (BadZipFile, zlib.error):
        _fail(f"'{archive}' is damaged. Copy it again, and compare its SHA-256 digest.")
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _fail(message: str, status: int = _FAILED) -> NoReturn:
    sys.stderr.write(f"{message}\n")
    sys.exit(status)
