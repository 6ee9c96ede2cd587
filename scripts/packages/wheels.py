"""The parts that qm-tui is installed with: their wheels, and the file that locks them.

`constraints-server.txt` has the name and the version of each part, and the hashes of its wheels for
each Python in `PYTHONS`, on Linux with an x86_64 processor.
"""

import hashlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable
from importlib.metadata import PathDistribution
from pathlib import Path
from typing import Final, NamedTuple
from zipfile import Path as ZipPath
from zipfile import ZipFile

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).parents[2]
CONSTRAINTS: Final = ROOT / "constraints.txt"
LOCK: Final = ROOT / "constraints-server.txt"
PARTS: Final = ROOT / "docs" / "parts"
"""The licenses of the parts, and the list of the parts."""

PYTHONS: Final = ((3, 11), (3, 12), (3, 13), (3, 14))
"""The versions of CPython for which all parts have wheels."""

NEWEST_GLIBC: Final = 28
"""Wheels may need glibc 2.28, which all supported Linux distributions have."""

_HEAD: Final = """\
# The parts of qm-tui, with the hashes of their wheels for x86_64 Linux. `make parts` writes this.
"""


class Part(NamedTuple):
    """A part, as the file that locks them names it.

    Attributes:
        name: its normalized name.
        version: its version.
        hashes: the SHA-256 digests of its wheels.
    """

    name: str
    version: str
    hashes: tuple[str, ...]


def requirements() -> list[str]:
    """Return what pyproject.toml requires, with the driver of PostgreSQL."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["postgres"]]


def dependencies(
    required: Iterable[str], requirements_of: Callable[[str], Iterable[str]]
) -> dict[str, set[str]]:
    """Return the names of all parts that are needed, each with those that it needs itself.

    Args:
        required: what the program requires.
        requirements_of: returns what a part requires.
    """
    needed: dict[str, set[str]] = {}
    ahead = [requirement for requirement in map(Requirement, required) if _applies(requirement)]
    followed = set[str]()
    while ahead:
        part = ahead.pop()
        name = canonicalize_name(part.name)
        others = needed.setdefault(name, set())
        for text in requirements_of(name):
            other = Requirement(text)
            if not _applies(other, part.extras):
                continue
            others.add(canonicalize_name(other.name))
            if str(other) not in followed:
                followed.add(str(other))
                ahead.append(other)
    return needed


def _applies(requirement: Requirement, extras: Iterable[str] = ()) -> bool:
    """Whether a requirement applies to one of the Pythons."""
    marker = requirement.marker
    return marker is None or any(
        marker.evaluate({"python_version": f"{major}.{minor}", "extra": extra})
        for major, minor in PYTHONS
        for extra in ("", *extras)
    )


def locked() -> list[Part]:
    """Return the parts of `constraints-server.txt`."""
    entries = re.findall(r"^(\S+)==(\S+)((?: \\\n    --hash=sha256:\w+)+)", LOCK.read_text(), re.M)
    return [
        Part(name, version, tuple(re.findall(r"sha256:(\w+)", hashes)))
        for name, version, hashes in entries
    ]


def lock(folder: Path) -> None:
    """Write `constraints-server.txt` for the versions in constraints.txt.

    Args:
        folder: receives the wheels. It is empty.
    """
    constraints = ("--constraint", str(CONSTRAINTS))
    for python in PYTHONS:
        _download(folder, python, *constraints, *requirements())
    parts: dict[tuple[str, str], list[str]] = {}
    for wheel in wheels_in(folder):
        part = distribution(wheel)
        key = canonicalize_name(part.name), part.version
        parts.setdefault(key, []).append(digest(wheel))
    entries = []
    for (name, version), hashes in sorted(parts.items()):
        options = (f"--hash=sha256:{one}" for one in sorted(hashes))
        entries.append(" \\\n    ".join((f"{name}=={version}", *options)))
    LOCK.write_text(_HEAD + "".join(f"{entry}\n" for entry in entries))


def download(folder: Path) -> None:
    """Bring the wheels of all locked parts into a folder, and remove all others from it.

    Without a network it works if they are there already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {one for part in locked() for one in part.hashes}
    present = {digest(wheel): wheel for wheel in wheels_in(folder)}
    for found, wheel in present.items():
        if found not in wanted:
            wheel.unlink()
    if wanted <= present.keys():
        return
    for python in PYTHONS:
        _download(folder, python, "--no-deps", "--require-hashes", "--requirement", str(LOCK))


def _download(folder: Path, python: tuple[int, int], *arguments: str) -> None:
    major, minor = python
    old = range(NEWEST_GLIBC, 4, -1)
    platforms = [f"manylinux_2_{glibc}_x86_64" for glibc in old] + ["manylinux2014_x86_64"]
    abis = (f"cp{major}{minor}", "abi3", "none")
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--only-binary=:all:", "--dest", str(folder)),
        *("--python-version", f"{major}.{minor}", "--implementation", "cp"),
        *(argument for platform in platforms for argument in ("--platform", platform)),
        *(argument for abi in abis for argument in ("--abi", abi)),
        *arguments,
    ]
    subprocess.run(command, check=True)


def wheels_in(folder: Path) -> list[Path]:
    """Return the wheels of a folder, in the same order each time."""
    return sorted(folder.glob("*.whl"))


def digest(file: Path) -> str:
    """Return the SHA-256 digest of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def distribution(wheel: Path) -> PathDistribution:
    """Return the metadata of a wheel."""
    archive = ZipFile(wheel)
    (folder,) = {name.split("/")[0] for name in archive.namelist() if ".dist-info/" in name}
    return PathDistribution(ZipPath(archive, f"{folder}/"))
