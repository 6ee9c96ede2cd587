"""The admin's settings: defaults without a file, and errors for invalid ones."""

import fcntl
import time
from typing import cast

import pytest
from typer import Context
from typer.main import get_command

from qm_tui.cli.program import app
from qm_tui.cli.shared.common import GlobalOptions, open_store_from_options
from qm_tui.config.settings import Settings, load_settings
from qm_tui.errors import UserError
from qm_tui.store.interface import RetentionPolicy
from qm_tui.store.memory.store import MemoryStore
from tests.helpers import ANNA, commit, user, users_file
from tests.program import output, refusal

NAME = "settings.toml"


@pytest.fixture
def store(home, monkeypatch):
    path = home / "store" / "users.json"
    monkeypatch.setenv("QM_TUI_STORE", str(path))
    commit(path, ANNA)
    return path


def test_settings_in_the_file_override_defaults(home, write_settings):
    assert load_settings() == Settings(10, 90, 1024)
    assert not (home / ".config").exists()
    write_settings(NAME, "[store]\nlock_wait_seconds = 0.5\nhistory_megabytes = 2\n")
    assert load_settings() == Settings(0.5, 90, 2)
    assert load_settings().history_bytes == 2 * 1024 * 1024
    write_settings(NAME, "# nothing\n")
    assert load_settings() == Settings()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "[store]\nlock_wait = 3",
            "unknown setting lock_wait in [store] (valid: lock_wait_seconds, ",
        ),
        ("[stor]\nx = 1", "unknown table stor (valid: [store] and [keys]). Did you mean store?"),
        ("store = 3", "store must be a table"),
        ("history_days = 9", "history_days must be in the table [store]. Move it below a"),
        ("[store]\nhistory_days = 'ten'", "history_days must be a number from 0 to 36,500"),
        ("[store]\nhistory_days = -1", "history_days must be a number from 0 to 36,500"),
        ("[store]\nlock_wait_seconds = inf", "lock_wait_seconds must be a number from 0 to 3,600"),
        ("[store", "it is not valid TOML"),
        ('"a\\u001b[2J" = 1', "unknown table a␛[2J"),
    ],
)
def test_invalid_settings_are_errors_with_file_and_valid_values(write_settings, text, says):
    path = write_settings(NAME, text)
    with pytest.raises(UserError) as refused:
        load_settings()
    assert says in str(refused.value)
    assert str(path) in str(refused.value)
    assert "\x1b" not in str(refused.value)


def test_invalid_settings_are_errors_in_every_command(home, store, write_settings):
    write_settings(NAME, "[store]\nhistory_days = 'ten'")
    for arguments in (["list"], ["activity"], ["import", users_file(home, ANNA)]):
        assert "history_days" in refusal(*arguments)
    assert "qm-tui 0" in output("--version")


def test_info_shows_current_settings(store, write_settings):
    defaults = "lock_wait_seconds = 10, history_days = 90, history_megabytes = 1024"
    assert f"no file; defaults: {defaults}" in output("info")
    path = write_settings(NAME, "[store]\nhistory_days = 7")
    assert f"{path} (lock_wait_seconds = 10, history_days = 7," in output("info")


def test_lock_wait_follows_the_settings(store, write_settings):
    commit(store, user("bo"))
    write_settings(NAME, "[store]\nlock_wait_seconds = 0.2")
    with store.with_name("users.lock").open("rb+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        began = time.monotonic()
        assert "0.2 seconds" in refusal("set", "location=Rome", "anna")
        assert time.monotonic() - began < 8  # the default is 10


def test_retention_follows_the_settings(store, write_settings, monkeypatch):
    kept = []

    def open_store(_location, *, retention, **_options):
        kept.append(retention)
        return MemoryStore()

    monkeypatch.setattr("qm_tui.store.open_store", open_store)
    for text in ("[store]\nhistory_megabytes = 2", "[store]\nhistory_days = 7", ""):
        write_settings(NAME, text)
        context = get_command(app).make_context("qm-tui", ["list"])
        context.obj = GlobalOptions(str(store), read_only=False)
        open_store_from_options(cast("Context", context), None, read_only=False)
    assert kept == [RetentionPolicy(bytes=2 * 1024**2), RetentionPolicy(7), RetentionPolicy()]
