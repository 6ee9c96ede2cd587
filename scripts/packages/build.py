"""Build the packages in `dist`: the wheel, and one file that contains it and all parts.

    python -m scripts.packages.build

The same files give the same bytes each time. `dist/wheels` has the parts for an installation
without a network, and `SHA256SUMS` the digests of all other files.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from qm_tui import __version__
from scripts.packages import launch
from scripts.packages.wheels import (
    CONSTRAINTS,
    LOCK,
    PARTS,
    PYTHONS,
    ROOT,
    digest,
    download,
    wheels_in,
)

DIST: Final = ROOT / "dist"
WHEELS: Final = DIST / "wheels"
SINGLE_FILE: Final = "qm-tui"

_SHARE: Final = f"qm_tui-{__version__}.data/data/share/"
_NOT_INSTALLED: Final = re.compile(r"[^/]+\.dist-info/(RECORD|WHEEL|REQUESTED|INSTALLER)")
"""What only pip needs."""

_TIME: Final = (1980, 1, 1, 0, 0, 0)
_EXECUTABLE: Final = 0o755

# Python 2 and 3 can read it
_MAIN: Final = """\
import platform
import sys

if sys.version_info[:2] in {pythons}:
    from launch import launch, supports

    if supports(".cpython-%d%d-x86_64-linux-gnu.so" % sys.version_info[:2], {glibc}):
        launch("{build}")
sys.stderr.write(
    "This is %s %s on %s. qm-tui needs CPython {names} on x86_64 Linux "
    "with glibc 2.{glibc} or later. Run it with one of these, for example with python{oldest}.\\n"
    % (platform.python_implementation(), platform.python_version(), platform.machine())
)
sys.exit(2)
"""


def build_wheel(root: Path, target: Path) -> Path:
    """Build the wheel of a checkout in a folder, and return it."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run(
        [*command, "--directory", str(target)], check=True, cwd=root, stdout=subprocess.DEVNULL
    )
    return target / f"qm_tui-{__version__}-py3-none-any.whl"


def build_single_file(wheel: Path, parts: Iterable[Path], target: Path) -> None:
    """Write one executable file that contains the program and its parts.

    Args:
        wheel: the wheel of the program.
        parts: the wheels of the parts, for all Pythons.
        target: the file.
    """
    parts = sorted(parts)
    files: dict[str, bytes] = {}
    for each in (wheel, *parts):
        _add(each, files)
    content = hashlib.sha256()
    for name, data in sorted(files.items()):
        content.update(f"{name} {len(data)}\n".encode() + data)
    versions = [f"{major}.{minor}" for major, minor in PYTHONS]
    files["__main__.py"] = _MAIN.format(
        pythons=PYTHONS,
        glibc=max(map(_glibc, parts)),
        build=f"{__version__}-{content.hexdigest()[:12]}",
        names=f"{', '.join(versions[:-1])} or {versions[-1]}",
        oldest=versions[0],
    ).encode()
    files["launch.py"] = Path(launch.__file__).read_bytes()
    with target.open("wb") as file:
        file.write(b"#!/usr/bin/env python3\n")
        with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=9) as archive:
            for name, data in sorted(files.items()):
                info = ZipInfo(name, _TIME)
                info.compress_type = ZIP_DEFLATED
                info.external_attr = 0o644 << 16
                archive.writestr(info, data)
    target.chmod(_EXECUTABLE)


def _add(wheel: Path, files: dict[str, bytes]) -> None:
    """Add what a wheel installs.

    Compiled files have the version of Python in their names, so those for all versions fit into one
    folder. Of what describes a part, that of its first wheel is used.
    """
    with ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith("/") or _NOT_INSTALLED.fullmatch(name):
                continue
            installed = f"{launch.LIBRARY}/{name}"
            if name.startswith(_SHARE):
                installed = f"{launch.SHARE}/{name.removeprefix(_SHARE)}"
            elif ".data/" in name:
                msg = f"{wheel.name} installs {name} in a place that the single file does not have"
                raise ValueError(msg)
            data = archive.read(name)
            if files.setdefault(installed, data) != data and ".dist-info/" not in name:
                msg = f"{wheel.name} has another {name} than a wheel before it"
                raise ValueError(msg)


def _glibc(wheel: Path) -> int:
    """Return N if a wheel needs glibc 2.N; 0 if it needs none."""
    needed = [int(minor) for minor in re.findall(r"manylinux_2_(\d+)_x86_64", wheel.name)]
    return min(needed, default=0)


def main() -> None:
    """Build all packages."""
    for path in DIST.glob("*"):
        if path.is_file():
            path.unlink()
    download(WHEELS)
    wheel = build_wheel(ROOT, DIST)
    build_single_file(wheel, wheels_in(WHEELS), DIST / SINGLE_FILE)
    for path in (CONSTRAINTS, LOCK, *PARTS.iterdir()):
        shutil.copy(path, DIST)
    built = sorted(path for path in DIST.iterdir() if path.is_file())
    sums = "".join(f"{digest(path)}  {path.name}\n" for path in built)
    (DIST / "SHA256SUMS").write_text(sums)


if __name__ == "__main__":
    main()
