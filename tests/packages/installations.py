"""The packages, installed without a network, as docs/installation.md describes it."""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from qm_tui import __version__


class Installation(NamedTuple):
    """An installed package.

    Attributes:
        share: the folder with its man pages and completions.
        leftovers: what an admin removes to uninstall it.
        environment: the environment in which it runs.
        offline: the beginning of a command that has no network.
    """

    share: Path
    leftovers: tuple[Path, ...]
    environment: dict[str, str]
    offline: tuple[str, ...]

    def command(self, *arguments: object) -> list[str]:
        """Return a command that runs the program without a network."""
        return [*self.offline, "qm-tui", *map(str, arguments)]

    def run(self, *arguments: object) -> str:
        """Run the program, which must succeed, and return what it prints."""
        return _run(self.command(*arguments), self.environment)

    def uninstall(self) -> None:
        """Remove the program, but not the data of the admin."""
        for path in self.leftovers:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def install_wheel(dist: Path, folder: Path, home: Path, python: str) -> Installation:
    """Install the wheel and its parts in a new environment."""
    environment, offline = _environment(home, folder / "qm-tui" / "bin"), _offline()
    _run([python, "-m", "venv", folder / "qm-tui"], environment)
    pip = [*offline, "pip", "install", "--no-index", "--disable-pip-version-check"]
    lock = dist / "constraints-server.txt"
    parts = ("--find-links", dist / "wheels", "--require-hashes", "--requirement", lock)
    _run([*pip, *parts], environment)
    _run([*pip, "--no-deps", dist / f"qm_tui-{__version__}-py3-none-any.whl"], environment)
    venv = folder / "qm-tui"
    return Installation(venv / "share", (venv,), environment, offline)


def install_single_file(dist: Path, folder: Path, home: Path, python: str) -> Installation:
    """Copy the single file to a folder, and unpack its man pages and completions."""
    programs = folder / "bin"
    programs.mkdir()
    (programs / "python3").symlink_to(python)
    program = programs / "qm-tui"
    shutil.copy(dist / "qm-tui", program)
    environment = _environment(home, programs)
    _run([python, "-m", "zipfile", "-e", program, folder / "unpacked"], environment)
    share = folder / "share"
    shutil.copytree(folder / "unpacked" / "share", share)
    shutil.rmtree(folder / "unpacked")
    return Installation(share, (program, share, home / ".cache"), environment, _offline())


def _environment(home: Path, programs: Path) -> dict[str, str]:
    """Return an environment with a home folder, and hardly anything else."""
    path = f"{programs}:/usr/local/bin:/usr/bin:/bin"
    return {"HOME": str(home), "PATH": path, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}


def _offline() -> tuple[str, ...]:
    """Return what runs a command without a network, if this user may do that."""
    for words in (("unshare", "--net"), ("unshare", "--net", "--map-current-user")):
        if shutil.which("unshare") and not subprocess.run([*words, "true"], check=False).returncode:
            return words
    return ()


def _run(command: Iterable[object], environment: dict[str, str]) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        cwd=environment["HOME"],
        timeout=300,
    )
    assert done.returncode == 0, done
    return done.stdout
