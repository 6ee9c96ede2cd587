"""The commands of docs/backup.md back up a store in a file, and restore it."""

import grp
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from qm_tui.store import open_store
from tests.helpers import ANNA, commit, user, users_of

ROOT = Path(__file__).parents[2]
_PAGE = (ROOT / "docs" / "backup.md").read_text()


def block(heading: str, number: int = 0) -> str:
    """Return a block of commands of a section."""
    section = re.split(r"^#", _PAGE.split(f"# {heading}\n")[1], flags=re.MULTILINE)[0]
    blocks: list[str] = re.findall(r"(?:^    .*\n)+", section, re.MULTILINE)
    return blocks[number]


@pytest.fixture
def sh(tmp_path):
    """Return a function that runs commands of the page with folders of the test."""
    for name in ("backup", "bin", "srv/qms/store"):
        (tmp_path / name).mkdir(parents=True, mode=0o700)
    program = tmp_path / "bin" / "qm-tui"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m qm_tui "$@"\n')
    program.chmod(0o755)
    store = tmp_path / "srv/qms/store/users.json"

    def run(commands: str) -> str:
        for folder in ("/srv/qms", "/backup", "/tmp/drill"):
            commands = commands.replace(folder, f"{tmp_path}{folder}")
        done = subprocess.run(
            ["sh", "-e", "-c", commands],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
            env=os.environ
            | {
                "PATH": f"{program.parent}:{os.environ['PATH']}",
                "PYTHONPATH": str(ROOT),
                "QM_TUI_STORE": str(store),
            },
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    return run


def test_backup_of_the_page_is_restored_and_practiced(sh, tmp_path):
    store = tmp_path / "srv/qms/store/users.json"
    (tmp_path / "tmp").mkdir()
    commit(store, ANNA)
    sh(block("A store in a file"))
    commit(store, user("bo"))
    practiced = sh(block("Restore drill"))
    assert "Recovered 1 user" in practiced
    assert "The store is intact" in practiced
    assert not (tmp_path / "tmp/drill").exists()
    sh(block("Restore it"))
    assert [*users_of(open_store(store).load())] == [ANNA.user_id]
    sh(block("Restore it", 1).replace("qmadmins", grp.getgrgid(os.getgid()).gr_name))
    assert {one.stat().st_mode & 0o777 for one in store.parent.glob("users.*")} == {0o660}
    assert "The store is intact: 1 user, transaction 1" in sh(block("Restore it", 2))
    sh(block("Restore it", 3))
    assert [*users_of(open_store(store.parents[1] / "look.json").load())] == [ANNA.user_id]


def test_crontab_of_the_page_writes_a_backup(sh, tmp_path):
    commit(tmp_path / "srv/qms/store/users.json", ANNA)
    (command,) = re.findall(r"^ +0 2 \* \* \* /usr/local/bin/(.*)$", _PAGE, re.MULTILINE)
    sh(command.replace(r"\%", "%"))
    (written,) = (tmp_path / "backup").iterdir()
    assert re.fullmatch(r"users-\d{4}-\d\d-\d\d\.tar", written.name)
