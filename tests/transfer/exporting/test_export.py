"""Export: atomic, readable only by the owner, never over another file."""

import csv
import errno
import io
import os
import resource
import signal
import stat
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qm_tui.errors import UserError
from qm_tui.progress import Cancelled, Phase, in_chunks
from qm_tui.store.errors import StoreError
from qm_tui.transfer.exporting import export
from qm_tui.transfer.exporting.export import TargetExists, export_path, write_users
from qm_tui.transfer.exporting.result import ExportResult
from qm_tui.transfer.options.export_options import Delimiter, ExportOptions, parse_export_delimiter
from qm_tui.users.fields import KEYS, User
from tests.helpers import ANNA, HEADER, read, user

_USERS = [ANNA, user("bo"), user("zoë")]

_UNALTERED = {"extension": "412", "additional_extensions": "", "private_extensions": ""}
"""Values that every spreadsheet keeps."""


def export_users(users, *arguments, **named) -> Path:
    """Export users, and ignore the result."""
    batches = in_chunks(users)
    path = export.export_users(batches, len(users), *arguments, **named).path
    assert path is not None
    return path


def _mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@given(st.lists(st.lists(st.text('a",;|\r\n é', max_size=4), min_size=26, max_size=26), max_size=4))
def test_export_is_what_csv_writer_writes(rows):
    users = [User(*row) for row in rows]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([HEADER, *rows])
    lines, _ = _written(ExportOptions(), *users)
    assert "\r\n".join([*lines, ""]) == text.getvalue()


def test_export_is_utf_8_with_crlf_and_users_are_in_the_order_given(tmp_path):
    path = export_users(_USERS[::-1], tmp_path / "users.csv")
    assert path.read_bytes().startswith(f"{','.join(HEADER)}\r\nZoë,".encode())
    assert [record.values for record in read(path)[0]] == [list(user) for user in _USERS[::-1]]


@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_export_is_readable_only_by_its_owner_whatever_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        path = export_users(_USERS, tmp_path / "users.csv")
    finally:
        os.umask(before)
    assert _mode(path) == 0o600


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *(("users", "users.csv"), ("users.csv", "users.csv"), ("users.CSV", "users.CSV")),
        *(("users.txt", "users.txt.csv"), ("users.2024", "users.2024.csv"), (".csv", ".csv")),
    ],
)
def test_export_path_appends_csv(tmp_path, name, expected):
    assert export_path(tmp_path / name) == tmp_path / expected
    assert export_users(_USERS, tmp_path / name) == tmp_path / expected
    assert _names(tmp_path) == [expected]


def test_existing_file_is_refused_and_unchanged_unless_it_is_to_be_overwritten(tmp_path):
    path = tmp_path / "users.csv"
    path.write_bytes(b"precious")
    path.chmod(0o644)
    with pytest.raises(TargetExists, match=r"users\.csv already exists.*Nothing was exported\."):
        export_users(_USERS, tmp_path / "users")
    assert (path.read_bytes(), _mode(path)) == (b"precious", 0o644)
    export_users(_USERS, path, overwrite=True)
    assert (len(read(path)[0]), _mode(path)) == (3, 0o600)
    assert _names(tmp_path) == ["users.csv"]


def test_file_that_appears_in_the_meantime_is_not_overwritten(tmp_path):
    path = tmp_path / "users.csv"
    with pytest.raises(TargetExists):
        export_users(_USERS, path, lambda *_: path.write_bytes(b"precious"))
    assert path.read_bytes() == b"precious"
    assert _names(tmp_path) == ["users.csv"]


def test_symbolic_link_is_followed_and_kept(tmp_path):
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "real.csv", tmp_path / "link.csv"
    target.write_bytes(b"old")
    link.symlink_to(target)
    with pytest.raises(TargetExists):
        export_users(_USERS, link)
    assert target.read_bytes() == b"old"
    export_users(_USERS, link, overwrite=True)
    assert link.is_symlink()
    assert len(read(target)[0]) == 3
    assert _names(target.parent) == ["real.csv"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("missing/users.csv", r"Folder .*missing does not exist.*Nothing was exported\."),
        *(("folder", "a folder"), ("pipe", "a device or a pipe"), ("device", "a device")),
        *(("nul\x00", "Cannot write"), ("x" * 300, "Cannot write")),
    ],
)
def test_what_is_no_file_is_refused(tmp_path, name, why):
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "device.csv").symlink_to("/dev/null")
    for overwrite in (False, True):
        with pytest.raises(UserError, match=why):
            export_users(_USERS, tmp_path / name, overwrite=overwrite)
    assert _names(tmp_path) == ["device.csv", "folder.csv", "pipe.csv"]


def _cancels(_phase: Phase, done: int, _total: int) -> None:
    if done > 1000:
        raise Cancelled


@pytest.mark.parametrize("overwrite", [False, True])
def test_canceled_export_leaves_everything_unchanged(tmp_path, overwrite):
    if overwrite:
        (tmp_path / "users.csv").write_bytes(b"precious")
    with pytest.raises(Cancelled):
        export_users([ANNA] * 5000, tmp_path / "users.csv", _cancels, overwrite=overwrite)
    assert _names(tmp_path) == ["users.csv"] * overwrite
    assert all(path.read_bytes() == b"precious" for path in tmp_path.iterdir())


@pytest.mark.parametrize("overwrite", [False, True])
def test_users_that_cannot_be_read_to_the_end_leave_everything_unchanged(tmp_path, overwrite):
    def batches():
        yield [ANNA] * 1000
        raise StoreError("gone")

    path = tmp_path / "users.csv"
    if overwrite:
        path.write_bytes(b"precious")
    with pytest.raises(StoreError, match="gone"):
        export.export_users(batches(), 2000, path, overwrite=overwrite)
    assert _names(tmp_path) == ["users.csv"] * overwrite
    assert all(path.read_bytes() == b"precious" for path in tmp_path.iterdir())


def test_progress_is_told_after_each_batch_and_batches_do_not_change_the_file(tmp_path):
    told: list[tuple[Phase, int, int]] = []
    batches = [_USERS[:1], _USERS[1:]]
    path = tmp_path / "batches.csv"
    result = export.export_users(batches, 3, path, lambda *tick: told.append(tick))
    assert (result.users, told) == (3, [(Phase.EXPORTING, 1, 3), (Phase.EXPORTING, 3, 3)])
    assert path.read_bytes() == export_users(_USERS, tmp_path / "users.csv").read_bytes()


def test_full_disk_leaves_everything_unchanged(tmp_path):
    path = tmp_path / "users.csv"
    path.write_bytes(b"precious")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(UserError, match=r"File too large\. Nothing was exported\."):
            export_users([ANNA] * 5000, path, overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == b"precious"
    assert _names(tmp_path) == ["users.csv"]


def test_failed_sync_leaves_everything_unchanged(tmp_path, monkeypatch):
    def fails(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(UserError, match="Input/output error"):
        export_users(_USERS, tmp_path / "users.csv")
    assert _names(tmp_path) == []


@pytest.mark.parametrize(("key", "place"), [("location", 0), ("location", 2500), ("password", 7)])
def test_unpaired_surrogate_is_refused_with_user_and_field(tmp_path, key, place):
    users = [ANNA] * 3000
    users[place] = user(user_id="u17", **{key: "HUNTER2\ud800"})
    with pytest.raises(UserError, match=rf"u17.*{key.title()}") as refused:
        export_users(users, tmp_path / "users.csv")
    assert "HUNTER2" not in str(refused.value)
    assert _names(tmp_path) == []


# Options


def _written(choices: ExportOptions, *users: User) -> tuple[list[str], ExportResult]:
    file = BytesIO()
    exported = write_users(in_chunks(users), len(users), file, options=choices)
    return file.getvalue().decode().removesuffix("\r\n").split("\r\n"), exported


def _cells(line: str) -> dict[str, str]:
    return dict(zip(KEYS, next(csv.reader([line])), strict=True))


def test_omitted_fields_have_no_column_or_are_empty_without_a_header():
    lines, _ = _written(ExportOptions(passwords=False, ids=False), ANNA)
    left = [name for name in HEADER if name not in ("User ID", "Password", "Salt Value")]
    assert lines[0] == ",".join(left)
    for secret in (ANNA.password, ANNA.salt, ANNA.user_id):
        assert secret not in lines[1]
    assert len(next(csv.reader([lines[1]]))) == 23
    (line,), _ = _written(ExportOptions(header=False, passwords=False, ids=False), ANNA)
    assert _cells(line) == ANNA._replace(user_id="", password="", salt="")._asdict()


@pytest.mark.parametrize("delimiter", Delimiter)
def test_export_for_excel_has_a_bom_its_delimiter_and_wrapped_values(delimiter):
    sample_user = user(agent_id="=1+1", location="a;b|c\u00a0d,e")
    lines, exported = _written(ExportOptions(for_excel=True, delimiter=delimiter), sample_user)
    assert lines[0].startswith("\ufeffFirst Name" + delimiter.character + "Last Name")
    row = next(csv.reader([lines[1]], delimiter=delimiter.character))
    cells = dict(zip(KEYS, row, strict=True))
    assert [cells[key] for key in ("extension", "agent_id", "phone_ip", "location")] == [
        *('="0412"', '="=1+1"', "10.0.0.17", sample_user.location)
    ]
    assert exported.notes == []
    plain, _ = _written(ExportOptions(delimiter=delimiter), ANNA)
    assert plain[0] == ",".join(HEADER)


def test_delimiter_typed_is_a_name_or_a_character():
    typed = [";", "Semicolon", "\t", "\\t", "|", ","]
    signs = [parse_export_delimiter(text).character for text in typed]
    assert signs == [";", ";", "\t", "\t", "|", ","]
    for other in ("", ":", "x", "commas", '"', " "):
        with pytest.raises(UserError, match="delimiter"):
            parse_export_delimiter(other)


def test_guarded_formulas_have_an_apostrophe_and_phone_numbers_do_not():
    sample_user = user(agent_id="=1+1", location="+47 22 12", department="-x", password="@secret")
    lines, exported = _written(ExportOptions(guard_formulas=True), ANNA, sample_user)
    cells = _cells(lines[2])
    assert [cells[key] for key in ("agent_id", "location", "department", "password")] == [
        *("'=1+1", "+47 22 12", "'-x", "'@secret")
    ]
    assert _cells(lines[1]) == ANNA._asdict()
    assert not exported.formulas


@pytest.mark.parametrize("guard", [False, True])
def test_value_that_looks_guarded_is_guarded_once_more_with_any_options(guard):
    guarded = user(location="''=x", agent_id="'t Hooft")
    lines, exported = _written(ExportOptions(guard_formulas=guard), guarded)
    assert _cells(lines[1])["location"] == "'''=x"
    assert _cells(lines[1])["agent_id"] == "'t Hooft"
    assert not exported.formulas


# Messages


def test_formulas_are_counted_by_field():
    users = [ANNA, user("bo", location="=1", agent_id="-x"), user("cy", location='=A1&","')] * 1000
    _, exported = _written(ExportOptions(), *users, user(salt='="0"', location="a,-b"))
    assert exported.messages[:2] == [
        "Export complete. 3,001 users written",
        "A spreadsheet would run 3,000 cells of 2,000 users as formulas (Agent ID 1,000, "
        "Location 2,000). To prevent this, export with “Guard formulas” (--guard-formulas).",
    ]


def test_values_that_a_spreadsheet_may_alter_are_counted_by_field():
    users = [ANNA, user("bo", location="3-4", agent_id="-x"), user("cy", extension="412")] * 1000
    for options in (ExportOptions(), ExportOptions(header=False, guard_formulas=True)):
        assert _written(options, *users)[1].notes[-1] == (
            "A spreadsheet may alter 9,000 values (Extension 2,000, Location 1,000, Additional "
            "Extensions 3,000, Private Extensions 3,000). To prevent this, export with “For Excel” "
            "(--for-excel)."
        )
    assert _written(ExportOptions(for_excel=True), *users)[1].notes == []


@pytest.mark.parametrize(
    ("secrets", "says"),
    [
        (("0123", "1E5"), "A spreadsheet may alter 2 values (Password 1, Salt Value 1)."),
        (("=secret", "+salt"), "A spreadsheet would run 2 cells of 1 user"),
    ],
)
def test_omitted_secrets_are_not_counted(secrets, says):
    sample_user = user(password=secrets[0], salt=secrets[1], **_UNALTERED)
    limits = "Without passwords, this file can only update existing users."
    assert _written(ExportOptions(passwords=False), sample_user)[1].notes == [limits]
    (note,) = _written(ExportOptions(), sample_user)[1].notes
    assert note.startswith(says)
    assert "secret" not in note
    (note,) = _written(ExportOptions(passwords=False, ids=False), sample_user)[1].notes
    assert note == f"{limits} Without User IDs, users are matched by User Name."


def test_sentences_name_the_file_and_are_safe_for_a_terminal(tmp_path):
    users = [one._replace(**_UNALTERED) for one in _USERS]
    exported = export.export_users([users], 3, tmp_path / "a\x1b[2J")
    assert exported.path == tmp_path / "a\x1b[2J.csv"
    assert exported.messages == [
        f"Export complete. 3 users written to {tmp_path}/a␛[2J.csv",
    ]
