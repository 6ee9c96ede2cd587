"""Files that are not users files are refused with a reason."""

import os
from pathlib import Path

import pytest

from qm_tui.errors import UserError
from tests.helpers import ANNA, HEADER, csv_text, read, write_file

_GOOD = csv_text([HEADER, ANNA])
_NARROW = "User ID,Location,Password,Salt Value\r\n"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        *(("missing.csv", "does not exist"), ("missing.csv/users.csv", "does not exist")),
        *(("folder.csv", "a folder"), ("pipe.csv", "a pipe"), ("device.csv", "a device")),
        *(("loop.csv", "Cannot read"), ("x" * 300 + ".csv", "Cannot read")),
        *(("nul\x00.csv", "Cannot read"), ("evil\x1b[2J\u202e.csv", "does not exist")),
    ],
)
def test_path_that_is_no_file_is_refused_with_the_reason(tmp_path, name, says):
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "device.csv").symlink_to("/dev/null")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    _check(tmp_path / name, says)
    with pytest.raises(UserError, match="/dev/null is a device"):
        read(Path("/dev/null"))


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        *((name, _GOOD, "does not end in .csv") for name in ("a.txt", "a.csv.bak", "userscsv")),
        *(("a.csv", b"", "is empty"), ("a.csv", b"\xef\xbb\xbf", "contains no records")),
        *(("a.csv", b"\r\n,,,\r\n", "contains no records"), ("a.csv", b"sep=;\r\n", "no records")),
        ("a.csv", csv_text([HEADER]), "contains only a header"),
        *(("a.csv", b"\x89PNG\r\n\x1a\n" + bytes(9), "a picture"), ("a.csv", b"%PDF-1.7", "PDF")),
        *(("a.csv", b"\xff\xd8\xff\xe0JFIF", "a picture"), ("a.csv", b"\x7fELF\x02", "program")),
        *(("a.csv", b"PK\x03\x04\x14", "Excel"), ("a.csv", b"\xd0\xcf\x11\xe0\xa1\xb1", "Excel")),
        ("a.csv", bytes(range(256)) * 100, "a binary file"),
        ("a.csv", _NARROW.encode("utf-16-le"), "UTF-16"),
        ("a.csv", b'User ID,Location,"Password\r\n1,2,3\r\n', "line 1"),
    ],
)
def test_other_file_is_refused_with_the_reason(tmp_path, name, content, says):
    _check(write_file(tmp_path, content, name), says)


def _check(path: Path, says: str) -> None:
    with pytest.raises(UserError) as refused:
        read(path)
    sentence = str(refused.value)
    assert says in sentence
    assert path.name.translate({0: "␀", 0x1B: "␛"}).partition("\u202e")[0][:40] in sentence
    assert sentence.endswith(".")
    assert "Errno" not in sentence
    assert sentence.isprintable()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_unreadable_file_is_refused(tmp_path):
    path = write_file(tmp_path, _GOOD)
    path.chmod(0)
    with pytest.raises(UserError, match=r"Cannot read .*: Permission denied"):
        read(path)


@pytest.mark.parametrize("name", ["users.csv", "users.CSV", "users.Csv", "a b.x.csv", ".csv"])
def test_csv_suffix_is_not_case_sensitive_and_links_are_followed(tmp_path, name):
    records, _ = read(write_file(tmp_path, _GOOD, name))
    (tmp_path / "link.csv").symlink_to(name)
    assert read(tmp_path / "link.csv")[0] == records != []
