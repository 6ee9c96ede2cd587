"""Each command with control sequences in all untrusted text."""

import json
import os
from unittest import mock

import pytest

from qm_tui.store.origin import Origin
from qm_tui.store.tinydb import storage
from qm_tui.users.fields import KEYS, User
from tests.cli.terminal import on_terminal
from tests.helpers import ANNA, HEADER, commit_unchecked, csv_text, user
from tests.hostile import HOSTILE, NAMES, control_sequences
from tests.program import run

ALL = User(*[f"{number}{HOSTILE}" for number in range(len(KEYS))])


@pytest.fixture
def place(home, monkeypatch):
    """Create a store with hostile users in a folder with a hostile name, and such files."""
    folder = home / os.fsdecode(NAMES[0])
    folder.mkdir()
    monkeypatch.chdir(folder)
    path = folder / "users.json"
    monkeypatch.setenv("QM_TUI_STORE", str(path))
    users = {str(at): one._asdict() for at, one in enumerate((ALL, ANNA), start=1)}
    path.write_text(json.dumps({"users": users}))
    origin = Origin(HOSTILE, HOSTILE, HOSTILE, 1)
    with mock.patch.object(storage, "current_origin", return_value=origin):
        commit_unchecked(path, ANNA._replace(location=HOSTILE))
        commit_unchecked(path, ALL._replace(location=f"other {HOSTILE}"))
    rows = [
        [*HEADER[:-1], f"Column {HOSTILE}"],
        ANNA._replace(location=HOSTILE),
        user("cy", user_id="", first_name=HOSTILE, is_active=HOSTILE, phone_ip=HOSTILE),
        [HOSTILE] * len(KEYS),
    ]
    text = csv_text(rows).replace("\0", "").encode("utf-8", "replace")
    for name in map(os.fsdecode, NAMES):
        (folder / f"{name}.csv").write_bytes(text)
    return folder


_TYPED = HOSTILE.replace("\0", "").encode("utf-8", "replace").decode()
_NAME = os.fsdecode(NAMES[0])

COMMANDS = [
    *(["list"], ["list", "--json"], ["info"], ["check"], ["check", "--json"]),
    ["list", "--filter", "location:other"],
    ["list", "--filter", _TYPED],
    ["list", "--filter", f"{_TYPED}:x"],
    ["list", "--sort", _TYPED],
    *(["activity"], ["activity", "--json"], ["activity", _TYPED]),
    *(["activity", "1"], ["activity", "2"], ["activity", "2", "--json"]),
    *(["undo", "2", "--dry-run"], ["undo", "2", "--dry-run", "--json"]),
    *[["import", "--dry-run", f"{os.fsdecode(name)}.csv"] for name in NAMES],
    ["import", "--dry-run", "--json", f"{_NAME}.csv"],
    ["import", "--encoding", _TYPED, f"{_NAME}.csv"],
    ["import", "--mapping", _TYPED[:80], f"{_NAME}.csv"],
    ["import", _TYPED],
    *[["export", f"new{os.fsdecode(name)}.csv"] for name in NAMES],
    ["export", f"{_NAME}.csv"],
    ["export", f"{_TYPED}/x.csv"],
    ["set", f"{_TYPED}=x", "anna"],
    ["set", "location=Oslo", _TYPED],
    ["delete", _TYPED],
    ["passwd", _TYPED],
    ["rename", "location", _TYPED, "Oslo"],
    *[["backup", f"new{os.fsdecode(name)}.tar"] for name in NAMES],
    ["backup", f"{_NAME}.csv"],
    ["backup", f"{_TYPED}/x.tar"],
    ["recover", f"{_NAME}.json"],
    ["recover", _TYPED],
    ["copy", f"{_NAME}.json", f"new{_NAME}.json"],
    ["copy", _TYPED, _TYPED],
    ["completion", _TYPED],
    ["complete", "bash", "qm-tui list --filter location:"],
    ["complete", "zsh", f"qm-tui set location=x {_TYPED}"],
    [_TYPED],
    [f"--{_TYPED}"],
    ["list", f"--{_TYPED}"],
    ["list", "--store", _TYPED],
    ["import", "--save-rejected", f"{_NAME}.csv"],
    ["set", f"location={_TYPED}", "anna"],
]
"""Those that change the store come last."""


def test_commands_sanitize_untrusted_text(place):
    for arguments in COMMANDS:
        done = run(*arguments)
        assert done.code in (0, 1, 2), done
        assert control_sequences((done.out + done.err).encode("utf-8", "surrogateescape")) == []
        assert "Traceback" not in done.err
        assert "Unexpected error" not in done.err


def test_progress_and_questions_on_a_terminal_are_sanitized(place):
    for arguments in (["undo", "2"], ["import", "--dry-run", f"{_NAME}.csv"]):
        code, shown = on_terminal(*arguments, answer="\n")
        assert code in (1, 2, 130), shown
        assert control_sequences(shown.encode("utf-8", "surrogateescape")) == []
