"""Where the store, the settings and the log are."""

from pathlib import Path

import pytest

from qm_tui import paths
from qm_tui.errors import UserError


def test_default_paths_are_in_the_home_folder_and_nothing_is_created(home, monkeypatch):
    monkeypatch.setenv("QM_TUI_STORE", "")
    assert paths.store_location() == str(home / ".local" / "share" / "qm-tui" / "users.json")
    assert paths.settings_folder() == home / ".config" / "qm-tui"
    assert paths.log_path().is_relative_to(home / ".local" / "state" / "qm-tui")
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    assert paths.store_location() == str(home / "data" / "qm-tui" / "users.json")
    assert list(home.iterdir()) == []


def test_only_a_path_in_the_home_folder_is_shortened(home):
    for inside, expected in {
        "users.json": "~/users.json",
        "a/b c.json": "~/a/b c.json",
        "": "~",
        "~": "~/~",
    }.items():
        assert paths.abbreviate_home(home / inside) == expected
    for path in ("/elsewhere/users.json", "users.json", "/", f"{home}-too/users.json"):
        assert paths.abbreviate_home(Path(path)) == path


@pytest.mark.parametrize(
    "text", ["postgresql:/qms", "postgres:anna@/qms", "PostgreSQL:secret@host/qms", "postgresql:"]
)
def test_mistyped_url_is_no_path_and_is_not_shown(home, text):
    with pytest.raises(UserError, match="Use postgresql://HOST/DATABASE") as error:
        paths.store_location(text)
    assert "secret" not in str(error.value)
    assert paths.store_location(f"./{text}").endswith(text)
