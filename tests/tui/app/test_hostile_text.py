"""Text that wants to be obeyed, in every field and every name, on every screen of a terminal."""

import json
import os
from unittest import mock

import pytest

from benchmarks.terminal import Terminal
from qm_tui.store.origin import Origin
from qm_tui.store.tinydb import storage
from qm_tui.users.fields import KEYS, User
from tests.helpers import ANNA, HEADER, commit_unchecked, csv_text, user
from tests.hostile import HOSTILE, NAMES, control_sequences
from tests.tui.terminal.test_real_terminal import PROGRAM
from tests.tui.tour import Tour

ALL = User(*[f"{number}{HOSTILE}" for number in range(len(KEYS))])
IN_TEXTS = user("bo")._replace(
    first_name=HOSTILE, last_name=HOSTILE[::-1], location=f"Oslo {HOSTILE}", department=HOSTILE
)


@pytest.fixture
def store(home):
    """A store that other programs wrote: its users, its log, its markers."""
    folder = home / "data"
    folder.mkdir()
    path = folder / "users.json"
    users = {str(at): one._asdict() for at, one in enumerate((ALL, IN_TEXTS, ANNA), start=1)}
    path.write_text(json.dumps({"users": users}))
    origin = Origin(HOSTILE, HOSTILE, HOSTILE, 1)
    with mock.patch.object(storage, "current_origin", return_value=origin):
        commit_unchecked(path, ANNA._replace(location=HOSTILE))
        commit_unchecked(path, ALL._replace(location=f"other {HOSTILE}"))
    marker = {"login": HOSTILE, "since": "2026-11-25T10:00:00+00:00", "file": HOSTILE}
    (folder / ".users.import.00").write_text(json.dumps(marker))
    return path


@pytest.fixture
def files(home):
    """A folder of hostile names, and a file that holds hostile records."""
    folder = home / "files"
    folder.mkdir()
    for name in map(os.fsdecode, NAMES):
        (folder / f"d{name}").mkdir()
        (folder / f"{name}.csv").write_bytes(_bytes([[*HEADER, HOSTILE]]))
    rows = [
        [*HEADER[:-1], f"Column {HOSTILE}"],
        ANNA._replace(location=HOSTILE),
        user("cy", user_id="", first_name=f"Cy {HOSTILE}", is_active=HOSTILE, phone_ip=HOSTILE),
        [HOSTILE] * len(KEYS),
        user("dora", user_id="", location=TOWER_FREE, last_name="[/x] \u202e"),
    ]
    (folder / "zz.csv").write_bytes(_bytes(rows))
    return folder


def _bytes(rows):
    return csv_text(rows).replace("\0", "").encode("utf-8", "replace")


TOWER_FREE = "漢字😀 [@click=app.quit]x[/]"


STEPS = [
    ("Enter", "Users   All users"),  # what is said of an import that was interrupted
    ("Right " * 25 + "Left " * 9, "3 users"),
    ("Enter", "Identity"),
    ("PgDn " * 5 + "Right", "of 3"),
    ("? Esc Esc", "Actions"),
    ("Space", "1 marked"),
    ("m", "New value"),
    ("Down Down", "In use"),
    ("Esc A", "The user is"),
    ("Esc D", "Inactivating keeps the recordings"),
    ("Esc P", "Repeat password"),
    ("Esc e", "F2 Save"),
    ("Tab Tab Tab Down", "Department Name: values in use"),
    ("Esc", "F2 Save"),
    ("Tab " * 17, "F2 Save"),
    ("Esc F", "Count by field"),
    ("Right Right Down", "Count by field"),
    ("Enter", "shown"),
    ("Esc / department:= Tab Tab", "Tab complete"),
    ("Esc Esc Esc c", "Columns"),
    ("Esc v", "Current    "),
    ("Esc L", "Mark users"),
    ("Esc :", "Search for commands"),
    ("Esc 2", "3 transactions"),
    ("Enter", "Transaction 3"),
    ("Esc u", "Undo transaction"),
    ("Esc 3", "Licenses"),
    ("4", "Recording Profile Name"),
    ("Down e", "Cancel"),
    ("Esc 5", "Department Name"),
    ("6", "Location"),
    ("Enter", "Users"),
    ("Esc i", "Open"),
    ("\x15 FOLDER/ Tab " + "Up " * 9 + "Down " * 16, "First lines"),
    ("Esc i", "Open"),
    ("\x15 FOLDER/zz.csv Enter", "nothing imported yet"),
    ("Down Down Down Enter", "Esc"),
    ("Esc", "nothing imported yet"),
    ("o", "Esc"),
    ("Esc m", "F2"),
    ("Down " * 4 + "Esc c", "Correct record"),
    ("Esc", "nothing imported yet"),
    ("r", "zz-rejected.csv"),
    ("Esc", "nothing imported yet"),
    ("Esc", "Actions"),
    ("x", "Save As"),
    ("\x15 FOLDER/ Tab " + "Down " * 9, "Save As"),
    ("Esc 1", "Actions"),
]


@pytest.mark.parametrize(
    ("columns", "lines"),
    [
        (100, 30),
        pytest.param(80, 24, marks=pytest.mark.long),
        pytest.param(160, 45, marks=pytest.mark.long),
    ],
)
def test_untrusted_text_is_sanitized_on_every_screen(store, files, columns, lines):
    command = [PROGRAM, "--store", str(store)]
    environment = {"SUDO_USER": HOSTILE.replace("\0", "")[:60].encode("utf-8", "replace").decode()}
    with Terminal(command, columns=columns, lines=lines, environment=environment) as terminal:
        tour = Tour(terminal)
        tour.see("", "3 users")
        for keys, text in STEPS:
            tour.see(keys.replace("FOLDER", str(files)), text)
        terminal.send("\x11")
        assert terminal.wait_for_end() == 0, terminal.text
    assert control_sequences(terminal.received) == []
    assert b"hacked.example" in terminal.received  # the untrusted text was shown
