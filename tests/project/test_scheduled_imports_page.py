"""The commands of docs/scheduled-imports.md import a nightly list, with cron and with systemd."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from qm_tui.store import open_store
from qm_tui.users.fields import User
from tests.helpers import commit, files_of, user, users_of

ROOT = Path(__file__).parents[2]
_PAGE = (ROOT / "docs" / "scheduled-imports.md").read_text()
_MAPPING, _SCRIPT, _CRONTAB, _SERVICE, _TIMER, _ALERT, _SCRIPT_OF_PROGRAM = re.findall(
    r"```\w*\n(.*?)```", _PAGE, re.DOTALL
)
_SAMPLE = "".join(re.findall(r"^    (.*\n)", _PAGE.partition("## The command")[0], re.MULTILINE))
_PROGRAM = "/usr/local/bin/import-hr"
_HEADER = "Personnel No,Given Name,Surname,Phone,Department,Employed"

STAFF = [
    user(f"p{n:03}", agent_id=f"{n:06}", first_name=f"Anna{n}", last_name="Berg", is_active="1")
    for n in range(1, 101)
]
PHONE = user("lobby", agent_id="")


def rows_of(users: Sequence[User]) -> list[str]:
    """Return the lines of a list."""
    return [
        f"{one.agent_id},{one.first_name},{one.last_name},{one.extension},{one.department},yes"
        for one in users
    ]


class Site:
    """The files of the page, in a folder of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store, self.list = folder / "srv/qms/store/users.json", folder / "srv/qms/hr/hr.csv"
        for name in ("etc/qm-tui", "srv/qms/hr", "srv/qms/store", "usr/local/bin", "tmp"):
            (folder / name).mkdir(parents=True)
        (folder / "etc/qm-tui/hr.toml").write_text(_MAPPING)
        self.add("qm-tui", f'#!/bin/sh\nexec {sys.executable} -m qm_tui "$@"\n')
        self.add("import-hr", _SCRIPT)
        commit(self.store, *STAFF, PHONE)

    def located(self, text: str) -> str:
        """Return commands with the folders of the test."""
        return re.sub(r"/(?:srv|etc|usr/local)/", rf"{self.folder}\g<0>", text)

    def add(self, name: str, script: str) -> None:
        """Install a program."""
        path = self.folder / "usr/local/bin" / name
        path.write_text(self.located(script))
        path.chmod(0o755)

    def deliver(self, *rows: str) -> None:
        """Write the list."""
        self.list.write_text("".join(f"{row}\n" for row in (_HEADER, *rows)))

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as cron and systemd do: without a terminal, with few variables."""
        return subprocess.run(
            ["/bin/sh", "-c", self.located(command)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={
                "HOME": str(self.folder),
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": str(ROOT),
                "TMPDIR": str(self.folder / "tmp"),
            },
        )

    def users(self) -> dict[str, User]:
        """Return the users of the store by User Name."""
        return {one.user_name: one for one in users_of(open_store(self.store).load()).values()}

    def inactive(self) -> list[str]:
        """Return the User Names of the users who are not active."""
        return [name for name, one in self.users().items() if one.is_active == "0"]


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_list_is_imported_each_night(site):
    site.deliver(*rows_of(STAFF), "000200,Björn,Dahl,0413,Support,yes")
    done = site.run(_PROGRAM)
    assert (done.returncode, done.stderr) == (0, "")
    assert "101 records: 1 added, 0 changed, 100 unchanged, 0 rejected" in done.stdout
    added = site.users()["b.dahl"]
    assert (added.agent_id, added.recording_service) == ("000200", "Any")

    before = files_of(site.store)
    done = site.run(_PROGRAM)
    assert done.returncode == 0
    assert "Nothing to import: all 101 records are unchanged." in done.stdout
    assert files_of(site.store) == before

    site.deliver(*rows_of(STAFF[1:]), "000200,Björn,Dahl,0413,Support,yes")
    done = site.run(_PROGRAM)
    assert done.returncode == 0
    assert "Inactivated 1 user not in the file." in done.stdout
    assert site.inactive() == ["p001"]

    site.deliver(*rows_of(STAFF), "000200,Björn,Dahl,0413,Support,yes")
    assert "1 changed" in site.run(_PROGRAM).stdout
    assert site.inactive() == []


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (rows_of(STAFF[3:]), "3 of 100 active users are not in the file. --max-missing allows 2%."),
        (
            [row.replace("Berg", "Dahl") for row in rows_of(STAFF[:6])] + rows_of(STAFF[6:]),
            "would add, change or inactivate 6 users. --max-changes allows 5%.",
        ),
    ],
    ids=["missing", "changes"],
)
def test_limit_stops_the_import_before_anything_is_changed(site, rows, message):
    site.deliver(*rows)
    before = files_of(site.store)
    done = site.run(_PROGRAM)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert files_of(site.store) == before


def test_admin_confirms_a_mass_change_by_hand(site):
    site.deliver(*rows_of(STAFF[30:]))
    dry_run, command = re.findall(r"^    (import-hr --.*40%.*)$", _PAGE, re.MULTILINE)
    assert "Would inactivate 30 users" in site.run(f"/usr/local/bin/{dry_run}").stdout
    assert site.inactive() == []
    unconfirmed = site.run(f"/usr/local/bin/{command.partition(' --confirm')[0]}")
    assert (unconfirmed.returncode, site.inactive()) == (2, [])
    assert "To confirm, add --confirm 30." in unconfirmed.stderr
    assert site.run(f"/usr/local/bin/{command.replace('312', '30')}").returncode == 0
    assert len(site.inactive()) == 30


def test_first_import_is_run_by_hand_with_other_limits(site):
    for path in site.store.parent.iterdir():
        path.unlink()
    site.list.write_text(_SAMPLE)
    assert "--max-changes allows 5%" in site.run(_PROGRAM).stderr
    dry_run, command = re.findall(r"^    (import-hr .*2000)$", _PAGE, re.MULTILINE)
    assert "Would import 2 of 2 records." in site.run(f"/usr/local/bin/{dry_run}").stdout
    assert site.run(f"/usr/local/bin/{command}").returncode == 0
    assert sorted(site.users()) == ["a.berg", "b.dahl"]


@pytest.mark.parametrize("hours", [0, 25], ids=["missing", "old"])
def test_list_that_was_not_delivered_is_not_imported(site, hours):
    if hours:
        site.deliver(*rows_of(STAFF))
        before = site.list.stat().st_mtime - hours * 3600
        os.utime(site.list, (before, before))
    done = site.run(_PROGRAM)
    assert done.returncode == 2
    assert "is missing, or older than 23 hours. Nothing was imported." in done.stderr


def test_cron_mails_only_what_an_admin_has_to_know(site):
    (line,) = re.findall(r"^30 5 \* \* \* qmimport (.*)$", _CRONTAB, re.MULTILINE)
    assert _PROGRAM in line
    assert "%" not in line
    site.deliver(*rows_of(STAFF))
    mailed = site.run(line)
    assert (mailed.stdout, mailed.stderr) == ("", "")
    site.deliver(*rows_of(STAFF[:99]), rows_of(STAFF)[99].replace("yes", "perhaps"))
    mailed = site.run(line)
    assert "100 records: 0 added, 0 changed, 99 unchanged, 1 rejected" in mailed.stdout
    assert site.inactive() == []
    site.deliver(*rows_of(STAFF[:97]))
    mailed = site.run(line)
    assert mailed.stdout.strip() == ""
    assert "--max-missing allows 2%" in mailed.stderr


def test_program_that_fails_while_it_makes_the_list_changes_nothing(site):
    site.add("import-program", _SCRIPT_OF_PROGRAM)
    assert _command(_SCRIPT_OF_PROGRAM) == _command(_SCRIPT)
    list_of_program = site.folder / "made"
    list_of_program.write_text("".join(f"{row}\n" for row in (_HEADER, *rows_of(STAFF[1:]))))
    site.add("hr-export", f"#!/bin/sh\nhead -99 '{list_of_program}'\nexit 3\n")
    before = files_of(site.store)
    assert site.run("/usr/local/bin/import-program").returncode == 3
    assert files_of(site.store) == before
    site.add("hr-export", f"#!/bin/sh\ncat '{list_of_program}'\n")
    assert site.run("/usr/local/bin/import-program").returncode == 0
    assert site.inactive() == ["p001"]
    assert not [*(site.folder / "tmp").iterdir()]


def _command(script: str) -> list[str]:
    """Return the options of the import in a script."""
    return re.findall(r"--[\w-]+ \S+", script.partition(" import ")[2])


_UNITS = {
    "import-hr.service": _SERVICE,
    "import-hr.timer": _TIMER,
    "import-hr-failed.service": _ALERT,
}


def test_units_start_the_same_program():
    assert re.findall(r"^ExecStart=(.*)$", _SERVICE, re.MULTILINE) == [_PROGRAM]
    assert "OnFailure=import-hr-failed.service\n" in _SERVICE
    for name in _UNITS:
        assert f"`/etc/systemd/system/{name}`" in _PAGE


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_accepts_the_units(tmp_path):
    program = tmp_path / "import-hr"
    program.touch(mode=0o755)
    for name, unit in _UNITS.items():
        (tmp_path / name).write_text(unit.replace(_PROGRAM, str(program)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(tmp_path / name for name in _UNITS)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
