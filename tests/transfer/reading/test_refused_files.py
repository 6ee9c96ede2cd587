"""Files that are not users files are refused with a reason."""

import os
from pathlib import Path

import pytest

from qm_tui.errors import UserError
from tests.helpers import ANNA, HEADER, csv_text, read, write_file

_GOOD = csv_text([HEADER, ANNA])
_NARROW = "User ID,Location,Password,Salt Value\r\n"


def _missing(folder):
    return folder / "missing.csv"


def _folder(folder):
    path = folder / "folder.csv"
    path.mkdir()
    return path


def _fifo(folder):
    path = folder / "pipe.csv"
    os.mkfifo(path)
    return path


def _device(folder):
    path = folder / "device.csv"
    path.symlink_to("/dev/null")
    return path


def _loop(folder):
    path = folder / "loop.csv"
    path.symlink_to(path)
    return path


@pytest.mark.parametrize(
    ("make", "says"),
    [
        *((_missing, "does not exist"), (_folder, "folder"), (_fifo, "pipe"), (_device, "device")),
        *((_loop, "Cannot read"), (lambda folder: folder / ("x" * 300 + ".csv"), "Cannot read")),
        (lambda folder: folder / "nul\x00.csv", "Cannot read"),
        (lambda folder: folder / "missing.csv" / "users.csv", "does not exist"),
        (lambda folder: write_file(folder, _GOOD, "users.txt"), "does not end in .csv"),
        (lambda folder: write_file(folder, _GOOD, "users.csv.bak"), "does not end in .csv"),
        (lambda folder: write_file(folder, _GOOD, "userscsv"), "does not end in .csv"),
        (lambda folder: write_file(folder, b""), "is empty"),
        (lambda folder: write_file(folder, b"\xef\xbb\xbf"), "contains no records"),
        (lambda folder: write_file(folder, b"\r\n,,,\r\n"), "contains no records"),
        (lambda folder: write_file(folder, csv_text([HEADER])), "contains only a header"),
        (lambda folder: write_file(folder, b"sep=;\r\n"), "contains no records"),
        (lambda folder: write_file(folder, b"\x89PNG\r\n\x1a\n" + bytes(100)), "a picture"),
        (lambda folder: write_file(folder, b"PK\x03\x04" + bytes(100)), "Excel workbook"),
        (lambda folder: write_file(folder, bytes(range(256)) * 100), "a binary file"),
        (lambda folder: write_file(folder, _NARROW.encode("utf-16-le")), "UTF-16"),
        (lambda folder: write_file(folder, b'User ID,Location,"Password\r\n1,2,3\r\n'), "line 1"),
    ],
)
def test_other_files_are_refused_with_the_reason(tmp_path, make, says):
    path = make(tmp_path)
    with pytest.raises(UserError) as refused:
        read(path)
    sentence = str(refused.value)
    assert says in sentence
    assert path.name.replace("\x00", "␀")[:40] in sentence
    assert sentence.endswith(".")
    assert "Errno" not in sentence


def test_device_is_refused_whatever_its_name():
    with pytest.raises(UserError, match="/dev/null is a device"):
        read(Path("/dev/null"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_unreadable_file_is_refused(tmp_path):
    path = write_file(tmp_path, _GOOD)
    path.chmod(0)
    with pytest.raises(UserError, match=r"Cannot read .*: Permission denied"):
        read(path)


@pytest.mark.parametrize("name", ["users.csv", "users.CSV", "users.Csv", "a b.x.csv", ".csv"])
def test_csv_suffix_is_not_case_sensitive(tmp_path, name):
    records, _ = read(write_file(tmp_path, _GOOD, name))
    assert len(records) == 1


def test_symbolic_link_to_a_users_file_is_read(tmp_path):
    link = tmp_path / "link.csv"
    link.symlink_to(write_file(tmp_path, _GOOD, "real.csv"))
    assert len(read(link)[0]) == 1


def test_error_shows_a_hostile_name_without_control_characters(tmp_path):
    with pytest.raises(UserError) as refused:
        read(tmp_path / "evil\x1b[2J\u202e.csv")
    assert "\x1b" not in str(refused.value)
    assert "\u202e" not in str(refused.value)
