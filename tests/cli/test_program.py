"""The command line, as a program: its output, its files and its exit status."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from qm_tui import __version__
from qm_tui.cli.program import app
from qm_tui.users.fields import KEYS, SECRETS, User
from tests.helpers import ANNA, HEADER, commit, commit_unchecked, csv_text, user, write_file

BO = user("bo")
SECRET_KEYS = {field.key for field in SECRETS}


@pytest.fixture
def home(home, monkeypatch):
    """Run the program in the home folder."""
    monkeypatch.chdir(home)
    return home


@pytest.fixture
def store(home: Path, monkeypatch) -> Path:
    """Return the path of the store, set by the environment. It does not exist yet."""
    path = home / "store" / "users.json"
    monkeypatch.setenv("QM_TUI_STORE", str(path))
    return path


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "qm_tui", *map(str, arguments)]


def qm_tui(*arguments: object, status: int = 0, env: dict[str, str] | None = None) -> str:
    """Run the program without a terminal, and return its output. It must exit with this status."""
    done = subprocess.run(
        command(*arguments),
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
        env=env,
    )
    out, errors = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in errors
    assert (done.returncode, errors) == (status, "")
    return out


def users_file(folder: Path, *users: User, name: str = "users.csv") -> Path:
    return write_file(folder, csv_text([HEADER, *users]), name)


def as_it_is(store: Path) -> list[tuple[str, bytes, int, int]]:
    """Return the names, contents, times and inodes of the files of a store."""
    return [
        (one.name, one.read_bytes(), one.stat().st_mtime_ns, one.stat().st_ino)
        for one in sorted(store.parent.rglob("*"))
        if one.is_file() and not one.name.endswith(".lock")
    ]


def ids_empty(*users: User) -> list[User]:
    return [one._replace(user_id="") for one in users]


# Import


def test_import_adds_and_reports_users(home, store):
    out = qm_tui("import", users_file(home, *ids_empty(ANNA, BO)))
    assert "Imported 2 of 2 records" in out
    assert "2 added, 0 changed, 0 unchanged" in out
    assert "Read as UTF-8, comma, header in line 1." in out
    listed = [json.loads(line) for line in qm_tui("list", "--json").splitlines()]
    assert [one["user_name"] for one in listed] == ["anna", "bo"]
    assert all(one["user_id"] for one in listed)
    assert store.stat().st_mode & 0o777 == 0o600


def test_import_reports_rejected_records_and_imports_the_others(home, store):
    bad = BO._replace(is_active="yes", user_id="")
    out = qm_tui("import", users_file(home, *ids_empty(ANNA), bad), status=1)
    assert "Line 3, Bo Bosen, rejected: " in out
    assert "Is User Active" in out
    assert "Imported 1 of 2 records (1 rejected)." in out
    listed = [json.loads(line) for line in qm_tui("list", "--json").splitlines()]
    assert [one["user_name"] for one in listed] == ["anna"]


def test_import_without_valid_records_creates_no_store(home, store):
    qm_tui("import", users_file(home, BO._replace(is_active="yes")), status=1)
    assert not store.exists()


def test_import_json_reports_each_record(home, store):
    commit(store, ANNA, BO)
    rows = [
        ANNA,
        BO._replace(location="Bergen"),
        user("cy", user_id=""),
        user("di", user_id="", phone_ip="nowhere", password="UNSEEN-PW"),
        user("ed", user_id="u-unknown"),
    ]
    text = csv_text([HEADER, *rows[:2], [], *rows[2:]])
    said = json.loads(qm_tui("import", "--json", write_file(home, text), status=1))
    assert {
        key: said[key] for key in ("record_count", "added", "changed", "unchanged", "rejected")
    } == {
        "record_count": 5,
        "added": 1,
        "changed": 1,
        "unchanged": 1,
        "rejected": 2,
    }
    assert said["blank"] == 1
    errors = [one for one in said["problems"] if one["severity"] == "error"]
    assert [(one["line"], one["record"], one["field"]) for one in errors] == [
        (6, 4, "Phone IP"),
        (7, 5, "User ID"),
    ]
    assert all(one["message"] for one in said["problems"])
    assert {one["severity"] for one in said["problems"]} <= {"error", "warning"}
    found = {key: said["file"][key] for key in ("encoding", "delimiter", "header")}
    assert found == {"encoding": "utf-8", "delimiter": ",", "header": True}


@pytest.mark.parametrize("option", ["--json", None])
def test_import_dry_run_reports_and_writes_nothing(home, store, option):
    file = users_file(home, *ids_empty(ANNA, BO))
    options = [option] if option else []
    out = qm_tui("import", "--dry-run", *options, file)
    assert not store.parent.exists()
    assert "The store was not changed." in out or json.loads(out)["added"] == 2
    commit(store, ANNA)
    before = as_it_is(store)
    qm_tui("import", "--dry-run", *options, file)
    assert as_it_is(store) == before


def test_repeated_import_changes_nothing(home, store):
    file = users_file(home, *ids_empty(ANNA, BO))
    qm_tui("import", file)
    before = as_it_is(store)
    assert "0 added, 0 changed, 2 unchanged" in qm_tui("import", file)
    assert as_it_is(store) == before


def test_unknown_user_id_is_rejected_by_default(home, store):
    commit(store, ANNA)
    file = users_file(home, BO)
    assert "1 rejected" in qm_tui("import", file, status=1)
    assert "1 rejected" in qm_tui("import", "--unknown-id", "reject", file, status=1)
    assert "1 added" in qm_tui("import", "--unknown-id", "add", file)
    assert [json.loads(line)["user_id"] for line in qm_tui("list", "--json").split()] == [
        ANNA.user_id,
        BO.user_id,
    ]


# Export


def test_import_of_an_export_changes_nothing(home, store):
    commit(store, ANNA, BO._replace(location='="0123"', department="Zoë, Ä"))
    before = as_it_is(store)
    assert "2 users written to" in qm_tui("export", "out.csv")
    assert (home / "out.csv").stat().st_mode & 0o777 == 0o600
    assert "0 added, 0 changed, 2 unchanged" in qm_tui("import", "out.csv")
    assert as_it_is(store) == before


def test_export_of_an_imported_export_is_identical(home, store):
    qm_tui("import", users_file(home, *ids_empty(*map(user, ("anna", "bo", "cy")))))
    qm_tui("export", "first.csv")
    qm_tui("import", "--store", "other.json", "first.csv")
    qm_tui("export", "--store", "other.json", "second.csv")
    assert (home / "first.csv").read_bytes() == (home / "second.csv").read_bytes()
    assert (home / "other.json").exists()


def test_export_to_dash_writes_only_to_standard_output(home, store):
    commit(store, ANNA, BO._replace(location="Zoë"))
    qm_tui("export", "out.csv")
    done = subprocess.run(command("export", "-"), check=True, capture_output=True, timeout=30)
    assert done.stdout == (home / "out.csv").read_bytes()
    assert sorted(one.name for one in home.iterdir()) == ["out.csv", "store"]


@pytest.mark.parametrize("broken", [False, True])
def test_template_contains_only_the_header(home, store, broken):
    commit(store, ANNA)
    if broken:
        store.write_bytes(b"{")
    qm_tui("export", "--template", "empty")
    assert (home / "empty.csv").read_bytes() == f"{','.join(HEADER)}\r\n".encode()
    assert qm_tui("export", "--template", "-") == f"{','.join(HEADER)}\r\n"


def test_force_overwrites_and_makes_the_file_private(home, store):
    commit(store, ANNA)
    (home / "out.csv").write_bytes(b"old")
    (home / "out.csv").chmod(0o644)
    qm_tui("export", "--force", "out.csv")
    assert (home / "out.csv").read_bytes().count(b"\r\n") == 2
    assert (home / "out.csv").stat().st_mode & 0o777 == 0o600


# List and info


def test_list_shows_a_line_per_user(store):
    commit(store, ANNA, user("bo", first_name="静" * 30))
    head, *lines = qm_tui("list").splitlines()
    assert "First Name" in head
    assert [line.split()[0] for line in lines] == ["Anna", "静静静静…"]


def test_list_json_has_an_object_per_line_without_secrets(store):
    commit(store, ANNA, BO)
    users = [json.loads(line) for line in qm_tui("list", "--json").splitlines()]
    assert [set(one) for one in users] == [set(KEYS) - SECRET_KEYS] * 2
    assert users[0]["extension"] == "0412"


def test_list_without_a_store_is_empty_and_creates_none(store):
    for arguments, lines in (["list"], 1), (["list", "--json"], 0):
        done = subprocess.run(
            command(*arguments), capture_output=True, text=True, check=True, timeout=30
        )
        assert len(done.stdout.splitlines()) == lines
        assert done.stderr == f"There is no store at {store}.\n"
    assert "(not created yet)" in qm_tui("info")
    assert not store.parent.exists()


def test_info_shows_file_locations(home, store):
    commit(store, ANNA)
    out = qm_tui("info")
    assert f"{store} (1 user)" in out
    assert __version__ in out
    assert f"{home}/.config/qm-tui" in out
    assert "qm-tui.log" in out


@pytest.mark.parametrize("arguments", [["--version"], ["--version", "import", "users.csv"]])
def test_version_is_printed_and_nothing_else_is_done(home, store, arguments):
    users_file(home, *ids_empty(ANNA))
    assert qm_tui(*arguments) == f"qm-tui {__version__}\n"
    assert not store.exists()


COMMANDS = getattr(get_command(app), "commands", {})


@pytest.mark.parametrize("name", [name for name in COMMANDS if not COMMANDS[name].hidden])
def test_help_starts_with_a_complete_short_line(name):
    first, *_ = COMMANDS[name].help.split("\n")
    assert len(first) <= 60
    assert first.endswith(".")


def test_help_lists_commands_without_cutting_lines():
    out = qm_tui("--help", env={**os.environ, "COLUMNS": "80"})
    for name, command_ in COMMANDS.items():
        first, *_ = command_.help.split("\n")
        assert (re.search(rf"\n  {name} +{re.escape(first)}\n", out) is None) is command_.hidden


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["import", "--help"], ["list", "-h"]])
def test_help_is_printed(store, arguments):
    assert "qm-tui" in qm_tui(*arguments) or "--store" in qm_tui(*arguments)


# Which store


def test_default_store_is_in_the_data_folder(home):
    qm_tui("import", users_file(home, *ids_empty(ANNA)))
    path = home / ".local" / "share" / "qm-tui" / "users.json"
    assert path.exists()
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "arguments",
    [
        ["--store", "other.json", "list", "--json"],
        ["list", "--store", "other.json", "--json"],
        ["--store", "none.json", "list", "--json", "--store=other.json"],
        ["list", "--json", "--store", "~/other.json"],
    ],
)
def test_store_option_overrides_the_environment(home, store, arguments):
    commit(store, ANNA)
    commit(home / "other.json", BO)
    assert json.loads(qm_tui(*arguments))["user_name"] == "bo"


def test_module_and_script_are_the_same_program(store):
    script = Path(sys.executable).parent / "qm-tui"
    out = subprocess.run([script, "--version"], check=True, capture_output=True, timeout=30).stdout
    assert out.decode() == qm_tui("--version")


def test_list_works_in_every_locale(home, store):
    commit_unchecked(store, user(first_name="静\ud800", location="Zoë"))
    for locale in ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {}):
        out = qm_tui("list", env={**os.environ, **locale})
        assert "anna" in out


def test_info_shows_file_locations_if_the_store_is_damaged(home, store):
    store.parent.mkdir(parents=True, exist_ok=True)
    store.write_text("not JSON")
    done = subprocess.run(
        [sys.executable, "-m", "qm_tui", "info"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert f"{store} (not usable)" in done.stdout
    assert "qm-tui.log" in done.stdout
    assert "is not JSON" in done.stderr


def test_export_without_a_store_does_not_overwrite_a_file(home, store):
    good = home / "backup.csv"
    good.write_text("precious")
    done = subprocess.run(
        [sys.executable, "-m", "qm_tui", "export", str(good), "--force"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no store at" in done.stderr
    assert good.read_text() == "precious"
