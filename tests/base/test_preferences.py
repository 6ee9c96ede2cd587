"""Saved options: private, and never an error."""

import os
import stat
import tomllib
from pathlib import Path

import pytest

from qm_tui.preferences import Remembered, choices_path, remember, remembered
from qm_tui.transfer.options.export_options import Delimiter, ExportChoices
from qm_tui.transfer.options.import_options import Choices, Empty, Mode, UnknownID

_IMPORT = Choices(Mode.UPDATE, UnknownID.ADD, empty=Empty.KEEP, allow_unlicensed=True)
_EXPORT = ExportChoices(passwords=False, for_excel=True, delimiter=Delimiter.SEMICOLON)


def _write(text: str | bytes) -> Path:
    path = choices_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_missing_file_means_defaults_and_is_not_created(home):
    assert remembered() == Remembered(Choices(), ExportChoices())
    remember()
    remember(Choices(), ExportChoices())
    assert list(home.iterdir()) == []


def test_saved_options_are_loaded():
    remember(_IMPORT, _EXPORT)
    assert remembered() == Remembered(_IMPORT, _EXPORT)
    remember(Choices(), ExportChoices())
    assert remembered() == Remembered()


def test_import_and_export_options_are_independent():
    remember(import_choices=_IMPORT)
    remember(export_choices=_EXPORT)
    assert remembered() == Remembered(_IMPORT, _EXPORT)
    remember(export_choices=ExportChoices())
    assert remembered() == Remembered(_IMPORT, ExportChoices())


def test_file_is_private_toml(home):
    remember(_IMPORT, _EXPORT)
    path = home / ".config" / "qm-tui" / "choices.toml"
    assert choices_path() == path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    said = tomllib.loads(path.read_text())
    assert said["import"]["mode"] == "update"
    assert said["export"]["delimiter"] == "semicolon"
    assert [one.name for one in path.parent.iterdir()] == ["choices.toml"]


def test_unchanged_options_are_not_written():
    remember(_IMPORT)
    before = choices_path().stat()
    remember(_IMPORT)
    after = choices_path().stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize(
    "text",
    [
        *("", "import = 3", "[import", "export = []", "[[import]]\nmode = 1", "a" * 100_000),
        *(b"\xff\xfe", b"\0", "x = " + "[" * 100_000),
    ],
)
def test_invalid_file_is_ignored_and_replaced(text):
    _write(text)
    assert remembered() == Remembered()
    remember(export_choices=_EXPORT)
    assert remembered().export_choices == _EXPORT


def test_invalid_options_are_ignored():
    _write(
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
        """
    )
    assert remembered() == Remembered(
        Choices(empty=Empty.KEEP, allow_renamed=True), ExportChoices(passwords=False)
    )


def test_folder_that_cannot_be_created_is_no_error(home):
    (home / ".config").write_text("a file")
    assert remembered() == Remembered()
    remember(_IMPORT)
    assert remembered() == Remembered()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_write_permission_is_no_error():
    path = _write("[export]\nids = false\n")
    path.parent.chmod(0o500)
    try:
        remember(_IMPORT)
        assert remembered() == Remembered(Choices(), ExportChoices(ids=False))
    finally:
        path.parent.chmod(0o700)


def test_folder_instead_of_the_file_is_no_error():
    choices_path().mkdir(parents=True)
    remember(_IMPORT)
    assert remembered() == Remembered()
