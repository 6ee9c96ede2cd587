"""Saved options: private, and never an error."""

import os
import stat
import tomllib
from pathlib import Path

import pytest

from qm_tui.config.preferences import (
    Preferences,
    load_preferences,
    preferences_path,
    save_preferences,
)
from qm_tui.transfer.options.export_options import Delimiter, ExportOptions
from qm_tui.transfer.options.import_options import (
    EmptyCellAction,
    ImportMode,
    ImportOptions,
    MissingPassword,
    SpreadsheetValues,
    UnknownIdAction,
)

NAME = "preferences.toml"
_IMPORT = ImportOptions(
    ImportMode.UPDATE, UnknownIdAction.ADD, empty=EmptyCellAction.KEEP, allow_unlicensed=True
)
_EXPORT = ExportOptions(passwords=False, for_excel=True, delimiter=Delimiter.SEMICOLON)


def test_missing_file_means_defaults_and_is_not_created(home):
    assert load_preferences() == Preferences(ImportOptions(), ExportOptions())
    save_preferences()
    save_preferences(ImportOptions(), ExportOptions())
    assert list(home.iterdir()) == []


def test_saved_options_are_loaded_and_independent(tmp_path):
    save_preferences(import_options=_IMPORT)
    save_preferences(export_options=_EXPORT)
    save_preferences(export_folder=tmp_path)
    assert load_preferences() == Preferences(_IMPORT, _EXPORT, export_folder=tmp_path)
    # a folder that is not UTF-8 cannot be saved
    save_preferences(export_options=ExportOptions(), export_folder=Path(os.fsdecode(b"/srv/\xff")))
    assert load_preferences() == Preferences(_IMPORT, ExportOptions(), export_folder=tmp_path)


def test_file_is_private_toml_and_written_only_if_changed(home):
    save_preferences(_IMPORT, _EXPORT)
    path = home / ".config" / "qm-tui" / NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    said = tomllib.loads(path.read_text())
    assert (said["import"]["mode"], said["export"]["delimiter"]) == ("update", "semicolon")
    before = path.stat().st_ino
    save_preferences(_IMPORT, _EXPORT)
    assert path.stat().st_ino == before
    assert [*path.parent.iterdir()] == [path]


@pytest.mark.parametrize(
    "text",
    ["import = 3", "[[import]]\nmode = 1", "a" * 100_000, b"\xff\xfe", "export_folder = ['/srv']"],
    ids=lambda text: ascii(text)[:20],
)
def test_invalid_file_is_ignored_and_replaced(write_settings, text):
    write_settings(NAME, text)
    assert load_preferences() == Preferences()
    save_preferences(export_options=_EXPORT)
    assert load_preferences().export_options == _EXPORT


def test_invalid_options_are_ignored(write_settings):
    write_settings(
        NAME,
        """
        [import]
        mode = "sideways"
        empty = "keep"
        take_numbers = "yes"
        allow_renamed = true
        unknown_id = ["add"]
        color = "red"
        [export]
        header = 0
        passwords = false
        delimiter = true
        [view]
        columns = 3
        """,
    )
    assert load_preferences() == Preferences(
        ImportOptions(empty=EmptyCellAction.KEEP, allow_renamed=True),
        ExportOptions(passwords=False),
    )


def test_users_without_a_password_must_be_allowed_for_each_import(home):
    options = ImportOptions(empty=EmptyCellAction.KEEP, missing_password=MissingPassword.NONE_YET)
    save_preferences(import_options=options)
    assert load_preferences().import_options == ImportOptions(empty=EmptyCellAction.KEEP)


def test_former_option_for_values_of_a_spreadsheet_is_read(write_settings):
    for text, value in {
        "take_numbers = true": SpreadsheetValues.FILE,
        'take_numbers = true\nspreadsheet_values = "stored"': SpreadsheetValues.STORED,
    }.items():
        path = write_settings(NAME, f"[import]\n{text}")
        assert load_preferences().import_options.spreadsheet_values is value
        save_preferences(export_options=_EXPORT)
        assert "take_numbers" not in path.read_text()


@pytest.mark.parametrize("is_below", [True, False], ids=["a file as folder", "a folder as file"])
def test_file_that_cannot_be_written_is_no_error(home, is_below):
    if is_below:
        (home / ".config").write_text("a file")
    else:
        preferences_path().mkdir(parents=True)
    save_preferences(_IMPORT)
    assert load_preferences() == Preferences()
