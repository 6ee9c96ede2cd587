"""The program: its entry points, its help, which store it opens, `list` and `info`."""

import os
import re
import subprocess
import sys
from pathlib import Path

from typer.main import get_command

from qm_tui import __version__
from qm_tui.cli.program import app
from qm_tui.users.fields import KEYS, SECRETS
from tests.helpers import ANNA, commit, commit_unchecked, user, users_file, without_ids
from tests.program import command, listed, output, run

BO = user("bo")
COMMANDS = getattr(get_command(app), "commands", {})


def test_version_is_printed_and_nothing_else_is_done(home, store):
    users_file(home, *without_ids(ANNA))
    for arguments in ([], ["import", "users.csv"]):
        assert output("--version", *arguments) == f"qm-tui {__version__}\n"
    assert not store.exists()


def test_module_and_script_are_the_same_program(store):
    script = Path(sys.executable).parent / "qm-tui"
    for start in ([script], command()):
        said = subprocess.run([*start, "--version"], check=True, capture_output=True, timeout=30)
        assert said.stdout.decode() == output("--version")


def test_help_starts_each_command_with_a_complete_short_line():
    out = run("--help", env={"COLUMNS": "80"}).out
    for name, command_ in COMMANDS.items():
        first, *_ = command_.help.split("\n")
        is_listed = re.search(rf"\n  {name} +{re.escape(first)}\n", out) is not None
        assert is_listed is not command_.hidden
        assert command_.hidden or (len(first) <= 60 and first.endswith("."))
    assert output("-h") == output("--help")
    assert "--store" in output("import", "--help")


def test_a_command_imports_only_what_it_needs(home, store):
    users_file(home, ANNA)
    code = (
        "import atexit, os, sys, qm_tui.cli.program as program\n"
        "os._exit = sys.exit\n"
        "atexit.register(lambda: print(*sys.modules))\n"
        "program.main(sys.argv[1:])\n"
    )
    ours = {"qm_tui.users", "qm_tui.store", "qm_tui.transfer"}
    for line, unneeded in {
        "--version": {*ours, "textual", "tinydb", "argon2", "rapidfuzz"},
        "import users.csv": {"textual"},
        "list": {"textual", "argon2"},
    }.items():
        start = [sys.executable, "-c", code, *line.split()]
        done = subprocess.run(start, capture_output=True, check=True)
        assert not {"psycopg", *unneeded} & {*done.stdout.decode().splitlines()[-1].split()}


# Which store


def test_store_option_overrides_the_environment(home, store):
    commit(store, ANNA)
    commit(home / "other.json", BO)
    for arguments in (
        ["--store", "other.json", "list", "--json"],
        ["list", "--store", "other.json", "--json"],
        ["--store", "none.json", "list", "--json", "--store=other.json"],
        ["list", "--json", "--store", "~/other.json"],
    ):
        assert '"user_name":"bo"' in output(*arguments)


# List and info


def test_list_shows_a_line_per_user_in_every_locale(store):
    commit_unchecked(store, ANNA, user("bo", first_name="静" * 30, location="\ud800"))
    head, *lines = output("list").splitlines()
    assert "First Name" in head
    assert [line.split()[0] for line in lines] == ["Anna", "静静静静…"]
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        command("list"), check=False, env={**os.environ, **locale}, capture_output=True
    )
    assert (done.returncode, b"anna" in done.stdout) == (0, True)


def test_list_json_has_an_object_per_line_without_secrets(store):
    commit(store, ANNA, BO)
    users = listed()
    assert [set(one) for one in users] == [{*KEYS} - {field.key for field in SECRETS}] * 2
    assert users[0]["extension"] == "0412"


def test_list_without_a_store_is_empty_and_creates_none(store):
    for arguments, lines in (["list"], 1), (["list", "--json"], 0):
        done = run(*arguments)
        assert len(done.out.splitlines()) == lines
        assert (done.code, done.err) == (0, f"There is no store at {store}.\n")
    assert "(not created yet)" in output("info")
    assert not store.parent.exists()


def test_info_shows_file_locations_and_the_last_transaction(home, store):
    commit(store, ANNA)
    commit(store, BO)
    out = output("info")
    locations = (f"{store} (2 users)", f"{home}/.config/qm-tui", "qm-tui.log", "3 files, ")
    for text in (*locations, __version__, "transaction 2, ", "Edit Bo Bosen", "1 added"):
        assert text in out


def test_info_shows_file_locations_if_the_store_is_damaged(store):
    store.parent.mkdir()
    store.write_text("not JSON")
    done = run("info")
    assert done.code == 2
    assert f"{store} (not usable)" in done.out
    assert "qm-tui.log" in done.out
    assert "is not JSON" in done.err
