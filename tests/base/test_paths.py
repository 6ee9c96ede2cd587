"""Where the store, the settings and the log are."""

from pathlib import Path

import pytest

from qm_tui import paths


def test_default_store_is_in_the_data_folder(home):
    assert paths.store_path() == home / ".local" / "share" / "qm-tui" / "users.json"


def test_data_folder_follows_the_environment(home, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    assert paths.store_path() == home / "data" / "qm-tui" / "users.json"


def test_given_path_overrides_environment_and_default(monkeypatch):
    monkeypatch.setenv("QM_TUI_STORE", "/from/environment.json")
    assert paths.store_path() == Path("/from/environment.json")
    assert paths.store_path(Path("/given.json")) == Path("/given.json")


def test_empty_variable_is_ignored(home, monkeypatch):
    monkeypatch.setenv("QM_TUI_STORE", "")
    assert paths.store_path().is_relative_to(home)


@pytest.mark.parametrize(("written", "inside"), [("~/a/u.json", "a/u.json"), ("u.json", "u.json")])
def test_home_and_current_folder_are_resolved(home, monkeypatch, written, inside):
    monkeypatch.chdir(home)
    assert paths.store_path(Path(written)) == home / inside
    monkeypatch.setenv("QM_TUI_STORE", written)
    assert paths.store_path() == home / inside


def test_settings_and_log_have_separate_folders(home):
    assert paths.settings_folder() == home / ".config" / "qm-tui"
    assert paths.log_path().is_relative_to(home / ".local" / "state" / "qm-tui")


def test_path_functions_create_nothing(home):
    paths.store_path()
    paths.settings_folder()
    paths.log_path()
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("inside", "expected"),
    [("users.json", "~/users.json"), ("a/b c.json", "~/a/b c.json"), ("", "~"), ("~", "~/~")],
)
def test_path_in_the_home_folder_is_shortened(home, inside, expected):
    assert paths.abbreviate_home(home / inside) == expected


@pytest.mark.parametrize("path", ["/elsewhere/users.json", "users.json", "/"])
def test_other_paths_are_not_shortened(path):
    assert paths.abbreviate_home(Path(path)) == path


def test_folder_with_home_as_name_prefix_is_not_shortened(home):
    path = home.with_name(home.name + "-too") / "users.json"
    assert paths.abbreviate_home(path) == str(path)
