"""The packages, installed without a network by the commands of docs/installation.md."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final, NamedTuple

from scripts.packages.wheels import ROOT

_PAGE: Final = (ROOT / "docs" / "installation.md").read_text()
_CHECK: Final = ("Build the packages", 1)
_WHEEL: Final = "The wheel"
_DOCUMENTS: Final = "Man pages and completion"


class Installation(NamedTuple):
    """An installed package.

    Attributes:
        root: what the commands of the page have as the root folder.
        python: the Python that it runs with.
        environment: the environment in which it runs.
        offline: the beginning of a command that has no network.
    """

    root: Path
    python: Path
    environment: dict[str, str]
    offline: tuple[str, ...]

    @property
    def share(self) -> Path:
        """The folder with man pages and completions."""
        return self.root / "usr" / "local" / "share"

    def command(self, *arguments: object) -> list[str]:
        """Return a command that runs the program without a network."""
        return [*self.offline, "qm-tui", *map(str, arguments)]

    def run(self, *arguments: object, status: int = 0) -> str:
        """Run the program, which must exit with a status, and return what it prints."""
        return self._run(self.command(*arguments), Path(self.environment["HOME"]), status)

    def carry_out(self, *blocks: tuple[str, int]) -> None:
        """Carry out blocks of commands of the page in one private shell, without a network.

        Args:
            blocks: the heading of the section of each, and its number there.
        """
        script = "".join(_commands(heading, number) for heading, number in blocks)
        for folder in ("/usr/local", "/opt", "/etc"):
            script = script.replace(f" {folder}", f" {self.root}{folder}")
        script = script.replace("sudo ", "").replace("python3.11", "python3")
        self._run([*self.offline, "sh", "-e", "-c", f"umask 077\n{script}"], ROOT, 0)

    def _run(self, command: list[str], folder: Path, status: int) -> str:
        done = subprocess.run(
            command,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.environment,
            cwd=folder,
            timeout=300,
        )
        assert done.returncode == status, done.stdout
        return done.stdout


def _commands(heading: str, number: int) -> str:
    section = re.split(r"^#", _PAGE.split(f"# {heading}\n")[1], flags=re.MULTILINE)[0]
    blocks: list[str] = re.findall(r"(?:^    .*\n)+", section, re.MULTILINE)
    return blocks[number]


def install_wheel(root: Path, home: Path, python: str) -> Installation:
    """Install the wheel and its parts in a virtual environment."""
    installed = _prepared(root, home, python)
    installed.carry_out(_CHECK, *((_WHEEL, number) for number in (0, 1, 3)), (_DOCUMENTS, 1))
    return installed


def install_wheel_from_registry(root: Path, home: Path, python: str, wheels: Path) -> Installation:
    """Install the wheel as with internet: pip finds the parts in a folder instead."""
    installed = _prepared(root, home, python)
    installed.environment.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(wheels))
    installed.carry_out(_CHECK, *((_WHEEL, number) for number in (0, 2, 3)), (_DOCUMENTS, 1))
    return installed


def install_single_file(root: Path, home: Path, python: str) -> Installation:
    """Copy the single file, and start it."""
    installed = _prepared(root, home, python)
    installed.carry_out(_CHECK, ("The single file", 0), (_DOCUMENTS, 0))
    return installed


def _prepared(root: Path, home: Path, python: str) -> Installation:
    """Return an environment with a Python, an empty home folder, and hardly anything else."""
    for name in ("usr/local/bin", "usr/local/share", "etc/fish/completions", "opt", "python"):
        (root / name).mkdir(parents=True)
    link = root / "python" / "python3"
    link.symlink_to(python)
    environment = {
        "HOME": str(home),
        "PATH": f"{root}/usr/local/bin:{root}/python:/usr/bin:/bin",
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
    }
    return Installation(root, link, environment, _offline())


def _offline() -> tuple[str, ...]:
    """Return what runs a command without a network, if this user may do that."""
    for words in (("unshare", "--net"), ("unshare", "--net", "--map-current-user")):
        if shutil.which("unshare") and not subprocess.run([*words, "true"], check=False).returncode:
            return words
    return ()
