"""A run of all features, and a search for secrets in its output.

A different secret is used in each place: in the store, in imported files, at the keyboard. The
output is what the terminal received, what commands printed, and every file in the home folder.
Only the store, its backups, a recovered store, exports with passwords, rejected-records files and
unreadable lines may contain secrets, and they must be private. No part of a secret may be anywhere
else.
"""

import base64
import re
import stat
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import pytest

from benchmarks.terminal import Terminal
from qm_tui import paths
from qm_tui.users.fields import User
from tests.helpers import HEADER, commit_unchecked, csv_text, user
from tests.program import run
from tests.tui.terminal.test_real_terminal import PROGRAM
from tests.tui.tour import Tour

SECRETS = {
    "password in the store": "QmPw1-Aardvark-Zephyr",
    "salt in the store": "QmSa1-Bluebell-Yonder",
    "password that was in the store": "QmPw2-Capybara-Xylem",
    "salt that was in the store": "QmSa2-Dandelion-Wombat",
    "password of a file": "QmPw3-Eggplant-Vortex",
    "salt of a file": "QmSa3-Foxglove-Umbra",
    "password of a rejected record": "QmPw4-Gladiolus-Tundra",
    "salt of a rejected record": "QmSa4-Hyacinth-Sorrel",
    "password of a record that cannot be read": "QmPw6-Juniper-Quartz",
    "password typed in the interface": "QmPw7-Kingfisher-Pylon",
    "password given to a command": "QmPw8-Lavender-Obelisk",
    "password with a control": "QmPw9-Mulberry\x07Nutmeg",
    "password typed and not saved": "QmPwA-Nightjar-Mangrove",
}
S = SECRETS
PIECE = 8
"""The number of characters of a secret that must not be found in any output."""

MAY_HOLD = {
    "data/users.*": "the store",
    "data/.users.*": "the store",
    "data/backup.tar": "a backup of the store",
    "data/recovered.*": "a store that was recovered",
    "files/with*.csv": "an export",
    "files/*-rejected*.csv": "rejected records",
    "files/*-unreadable*.txt": "unreadable lines",
    "files/in-*.csv": "what was imported",
}
"""The files in the home folder that may contain secrets."""

MUST_NOT_HOLD = "files/without*.csv"


class Output(NamedTuple):
    """An output of the program.

    Attributes:
        where: the command or the file.
        data: its bytes.
    """

    where: str
    data: bytes


_CLIPBOARD = re.compile(rb"\x1b\]52;[^;]*;([A-Za-z0-9+/=]+)")


def found_in(output: Output) -> list[str]:
    """Return the secrets that an output contains parts of, also in text for the clipboard."""
    texts = [output.data]
    texts += [base64.b64decode(one) for one in _CLIPBOARD.findall(output.data)]
    said = b"\0".join(texts).decode("utf-8", "replace").casefold()
    return [
        f"{name} ({piece}) in {output.where}"
        for name, secret in SECRETS.items()
        if (piece := next((one for one in _pieces(secret) if one in said), None))
    ]


def _pieces(secret: str) -> Iterator[str]:
    text = secret.casefold()
    return (text[at : at + PIECE] for at in range(len(text) - PIECE + 1))


def test_search_finds_secrets():
    for data in (
        b"xx QmPw1-Aardvark-Zephyr xx",
        b"the aardvark",
        b"\x1b]52;c;" + base64.b64encode(b"row;QmPw1-Aardvark") + b"\x07",
    ):
        assert found_in(Output("here", data)) != []
    assert found_in(Output("here", "aard vark QmPw1 •••••••• (set)".encode())) == []


OLD = user(password=S["password that was in the store"], salt=S["salt that was in the store"])
ANNA = OLD._replace(password=S["password in the store"], salt=S["salt in the store"])
BO = user("bo", password=S["password with a control"], salt=S["salt in the store"])


@pytest.fixture
def store(home, monkeypatch):
    folder = home / "data"
    folder.mkdir()
    path = folder / "users.json"
    monkeypatch.setenv("QM_TUI_STORE", str(path))
    commit_unchecked(path, OLD, BO)
    commit_unchecked(path, ANNA)
    return path


@pytest.fixture
def files(home):
    folder = home / "files"
    folder.mkdir()
    good = user("cy", user_id="", password=S["password of a file"], salt=S["salt of a file"])
    bad = user(
        "dora",
        user_id="",
        phone_ip="nowhere",
        is_active="perhaps",
        password=S["password of a rejected record"],
        salt=S["salt of a rejected record"],
    )
    rows: list[list[str] | User] = [HEADER, good, bad, ANNA._replace(location="Oslo")]
    text = csv_text(rows)
    broken = f"{csv_text([user('fay', user_id='')]).strip()}".replace(
        ",fay,", f',fay,"{S["password of a record that cannot be read"]}"x,'
    )
    _write(folder / "in-file.csv", text + broken + "\r\n")
    # columns that must be mapped by hand: the dialog shows samples of them
    others = [[f"Column {number}" for number in range(len(HEADER))], good]
    _write(folder / "in-other.csv", csv_text(others))
    return folder


def _write(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o600)


PASSWORD_LINE = S["password given to a command"] + "\n"

COMMANDS = [
    *("import in-file.csv --dry-run", "import in-file.csv --dry-run --json"),
    *("import in-file.csv --save-rejected", "import in-file.csv --all-or-nothing --json"),
    *("import in-other.csv --header yes", "export with.csv", "export with.csv"),
    *("export with-excel.csv --for-excel --guard-formulas", "export without.csv --no-passwords"),
    *("list", "list --json", "info", "activity", "activity --json"),
    *(f"activity {number}{more}" for number in (1, 2, 3) for more in ("", " --json")),
    f"list --filter password:{S['password in the store']}",
    *("passwd anna", "passwd nobody", "set location=Rome anna"),
    *("undo 3 --dry-run --json", "undo", "check", "check --json"),
    *("backup ../data/backup.tar", "recover ../data/recovered.json"),
]
"""Commands, run in the folder with the files. Two of them read a password."""


def _ran(arguments: list[str], given: str) -> list[Output]:
    done = run("--debug", *arguments, input=given)
    assert done.code in (0, 1, 2), done
    where = " ".join(arguments)
    return [Output(where, text.encode("utf-8", "surrogateescape")) for text in (done.out, done.err)]


STEPS = [
    ("Right " * 25 + "Left " * 25, "2 users"),
    ("y Y", "2 users"),
    ("Enter", "Identity"),
    ("PgDn " * 3, "Password"),
    ("y Esc", "i Import"),
    ("P", "Repeat password"),
    ("TYPED Tab TYPED", "•••"),
    ("F2", "Changed the password of"),
    ("P", "Repeat password"),
    ("LEFT Esc", "?"),
    ("Tab Enter", "i Import"),
    ("e", "F2 Save"),
    ("Tab " * 20, "F2 Save"),
    ("Esc / STORED", "i Import"),
    ("Esc Esc F Esc c Esc v", "Save current view as"),
    ("Esc 2", "transactions"),
    ("Enter", "Transaction"),
    ("Esc 1 i", "Open"),
    ("\x15 FOLDER/in-other.csv Enter", "Map columns"),
    ("Down Down Down Esc", ""),
    ("Esc Esc Esc i", "Open"),
    ("\x15 FOLDER/in-file.csv Enter", "nothing imported yet"),
    ("Down Enter", "Esc"),
    ("Right Right PgDn Esc", "nothing imported yet"),
    ("m", "F2"),
    ("Down " * 26 + "Esc c", "Correct"),
    ("Tab " * 12, "Password"),
    ("Esc w", "Report saved"),
    ("Enter", "nothing imported yet"),
    ("r", "[OK]"),
    ("Enter", "nothing imported yet"),
    ("i", "Imported"),
    ("Enter x", "Save As"),
    ("\x15 FOLDER/with-interface.csv Enter", "OK"),
    ("Enter u", "Undo"),
    ("Esc", "i Import"),
]
"""Keys, and the text on the screen after them."""


def _received(store: Path, files: Path) -> Output:
    words = {
        "FOLDER": str(files),
        "TYPED": S["password typed in the interface"],
        "LEFT": S["password typed and not saved"],
        "STORED": "password:" + S["password in the store"][:3],
    }
    with Terminal([PROGRAM, "--debug", "--store", str(store)], columns=120, lines=40) as terminal:
        tour = Tour(terminal)
        tour.see("", "2 users")
        for keys, text in STEPS:
            tour.see(re.sub("|".join(words), lambda word: words[word[0]], keys), text)
        terminal.send("\x11")
        assert terminal.wait_for_end() == 0, terminal.text
        return Output("the terminal", terminal.received)


def _below(home: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(home.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(home)), path


def test_output_of_a_run_contains_no_part_of_a_secret(home, store, files, monkeypatch):
    outputs = [_received(store, files)]
    monkeypatch.chdir(files)
    for line in COMMANDS:
        outputs += _ran(line.split(), PASSWORD_LINE)
    for line in ("qm-tui set password=", "qm-tui list --filter password:"):
        outputs += _ran(["complete", "bash", line], "")
    below = list(_below(home))
    held = set()
    for name, path in below:
        found = found_in(Output(name, path.read_bytes()))
        kinds = [kind for pattern, kind in MAY_HOLD.items() if fnmatch(name, pattern)]
        if found and kinds:
            held.add(kinds[0])
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, name
        elif found:
            pytest.fail("\n".join(found))
    for output in outputs:
        assert found_in(output) == [], output.where
    # the search covered all kinds of files that may contain secrets, and those that must not
    assert held == set(MAY_HOLD.values())
    assert [name for name, _ in below if fnmatch(name, MUST_NOT_HOLD)]
    assert paths.log_path().is_file()
    assert b"QmPwA" not in paths.log_path().read_bytes()
    assert _CLIPBOARD.search(outputs[0].data)
