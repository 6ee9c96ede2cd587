"""Export: atomic, readable only by the owner, never over another file."""

import csv
import errno
import os
import resource
import signal
import stat
from io import BytesIO
from pathlib import Path

import pytest

from qm_tui.errors import UserError
from qm_tui.progress import Cancelled, Phase
from qm_tui.transfer.exporting import export
from qm_tui.transfer.exporting.export import TargetExists, export_path, write_users
from qm_tui.transfer.exporting.result import ExportResult
from qm_tui.transfer.options.export_options import Delimiter, ExportOptions, parse_export_delimiter
from qm_tui.transfer.reading.read_options import ReadOptions
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.users.fields import KEYS, User
from tests.helpers import ANNA, HEADER, read, user

_USERS = [ANNA, user("bo"), user("zoë")]

_UNALTERED = {"extension": "412", "additional_extensions": "", "private_extensions": ""}
"""Values that every spreadsheet keeps."""


def export_users(*arguments, **named) -> Path:
    """Export users, and ignore the result."""
    path = export.export_users(*arguments, **named).path
    assert path is not None
    return path


def _mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_export_begins_with_the_header_in_file_order(tmp_path):
    path = export_users(_USERS, tmp_path / "users.csv")
    assert path.read_bytes().split(b"\r\n")[0].decode() == ",".join(HEADER)


def test_export_is_utf_8_with_crlf_and_minimal_quotes(tmp_path):
    hostile = User(*[""] * 26)._replace(
        first_name="Zoë", last_name='O"Brien', location="a,b", department="x\ny", agent_id="it's"
    )
    path = export_users([hostile], tmp_path / "users.csv")
    row = 'Zoë,"O""Brien",,,it\'s,"x\ny",,,,,,,,,,,,,,"a,b",,,,,,'
    assert path.read_bytes() == f"{','.join(HEADER)}\r\n{row}\r\n".encode()


def test_users_are_written_in_the_order_given(tmp_path):
    path = export_users(_USERS[::-1], tmp_path / "users.csv")
    assert [record.values for record in read(path)[0]] == [list(user) for user in _USERS[::-1]]


def test_export_of_no_users_is_a_header(tmp_path):
    path = export_users([], tmp_path / "users.csv")
    assert path.read_bytes() == f"{','.join(HEADER)}\r\n".encode()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
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
        ("users", "users.csv"),
        ("users.csv", "users.csv"),
        ("users.CSV", "users.CSV"),
        ("users.txt", "users.txt.csv"),
        ("users.2024", "users.2024.csv"),
        ("a b", "a b.csv"),
        (".csv", ".csv"),
    ],
)
def test_export_path_appends_csv(tmp_path, name, expected):
    assert export_path(tmp_path / name) == tmp_path / expected
    assert export_users(_USERS, tmp_path / name) == tmp_path / expected
    assert _names(tmp_path) == [expected]


@pytest.mark.parametrize("name", ["users.csv", "users"])
def test_existing_file_is_refused_and_unchanged(tmp_path, name):
    path = tmp_path / "users.csv"
    path.write_bytes(b"precious")
    path.chmod(0o644)
    with pytest.raises(TargetExists, match=r"users\.csv already exists.*Nothing was exported\."):
        export_users(_USERS, tmp_path / name)
    assert path.read_bytes() == b"precious"
    assert _mode(path) == 0o644
    assert _names(tmp_path) == ["users.csv"]


def test_file_that_appears_in_the_meantime_is_not_overwritten(tmp_path):
    path = tmp_path / "users.csv"

    def somebody_else(_phase: Phase, _done: int, _total: int) -> None:
        path.write_bytes(b"precious")

    with pytest.raises(TargetExists):
        export_users(_USERS, path, somebody_else)
    assert path.read_bytes() == b"precious"
    assert _names(tmp_path) == ["users.csv"]


def test_overwriting_replaces_the_file_and_makes_it_private(tmp_path):
    path = tmp_path / "users.csv"
    path.write_bytes(b"old" * 10_000)
    path.chmod(0o644)
    export_users(_USERS, path, overwrite=True)
    assert len(read(path)[0]) == 3
    assert _mode(path) == 0o600
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


def test_missing_folder_is_refused_and_not_created(tmp_path):
    with pytest.raises(UserError, match=r"Folder .*missing does not exist.*Nothing was exported\."):
        export_users(_USERS, tmp_path / "missing" / "users.csv")
    assert _names(tmp_path) == []


@pytest.mark.parametrize("overwrite", [False, True])
def test_target_that_is_a_folder_or_a_pipe_is_refused(tmp_path, overwrite):
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    for name, what in [("folder", "a folder"), ("pipe", "a device or a pipe")]:
        with pytest.raises(UserError, match=what):
            export_users(_USERS, tmp_path / name, overwrite=overwrite)
    assert _names(tmp_path) == ["folder.csv", "pipe.csv"]


def test_device_is_refused(tmp_path):
    link = tmp_path / "users.csv"
    link.symlink_to("/dev/null")
    with pytest.raises(UserError, match="a device"):
        export_users(_USERS, link)


@pytest.mark.parametrize("name", ["nul\x00", "x" * 300])
def test_invalid_file_name_is_refused(tmp_path, name):
    with pytest.raises(UserError, match="Cannot write"):
        export_users(_USERS, tmp_path / name)
    assert _names(tmp_path) == []


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


@pytest.mark.parametrize("place", [0, 2500])
def test_unpaired_surrogate_is_refused_with_user_and_field(tmp_path, place):
    users = [ANNA] * 3000
    users[place] = user(user_id="u17", location="Oslo\ud800")
    with pytest.raises(UserError, match=r"u17.*Location"):
        export_users(users, tmp_path / "users.csv")
    assert _names(tmp_path) == []


def test_unpaired_surrogate_in_a_secret_is_refused_without_the_secret(tmp_path):
    with pytest.raises(UserError, match="Password") as refused:
        export_users([user(password="HUNTER2\ud800")], tmp_path / "users.csv")
    assert "HUNTER2" not in str(refused.value)


def test_export_reports_progress(tmp_path):
    told: list[tuple[Phase, int, int]] = []
    users = [ANNA] * 2500
    export_users(users, tmp_path / "users.csv", lambda *tick: told.append(tick))
    assert [done for _, done, _ in told] == [1000, 2000, 2500]
    assert {(phase, total) for phase, _, total in told} == {(Phase.EXPORTING, 2500)}


@pytest.mark.parametrize(
    "value",
    [
        *('="0123"', '=""', '="a""b"', '="', '=""x""', "=1+1", '"', "it's", "a,b;c|d"),
        *(
            "0123",
            "+44",
            "-",
            "@x",
            "Zoë \U0001f600",
            "a\u2028b",
            "x\ufeffx",
            "sep=;",
            "First Name",
        ),
    ],
)
def test_any_value_survives_export_and_import(tmp_path, value):
    sample_user = user(location=value, password=f" {value} ", salt=value, first_name=value)
    records, _ = read(export_users([sample_user], tmp_path / "users.csv"))
    assert [record.values for record in records] == [list(sample_user)]


# Options


def _written(choices: ExportOptions, *users: User) -> tuple[list[str], ExportResult]:
    file = BytesIO()
    exported = write_users(users, file, options=choices)
    return file.getvalue().decode().removesuffix("\r\n").split("\r\n"), exported


def _cells(line: str) -> dict[str, str]:
    return dict(zip(KEYS, next(csv.reader([line])), strict=True))


def test_export_without_header_begins_with_a_user():
    lines, _ = _written(ExportOptions(header=False), ANNA)
    assert _cells(lines[0]) == ANNA._asdict()
    assert len(lines) == 1


def test_omitted_fields_have_no_column():
    lines, _ = _written(ExportOptions(passwords=False, ids=False), ANNA)
    left = [name for name in HEADER if name not in ("User ID", "Password", "Salt Value")]
    assert lines[0] == ",".join(left)
    for secret in (ANNA.password, ANNA.salt, ANNA.user_id):
        assert secret not in lines[1]
    assert len(next(csv.reader([lines[1]]))) == 23


def test_omitted_fields_are_empty_without_a_header():
    lines, _ = _written(ExportOptions(header=False, passwords=False, ids=False), ANNA)
    assert _cells(lines[0]) == ANNA._replace(user_id="", password="", salt="")._asdict()


@pytest.mark.parametrize("delimiter", Delimiter)
def test_export_for_excel_has_a_bom_its_delimiter_and_wrapped_values(delimiter):
    sample_user = user(agent_id="=1+1", location="a;b|c\u00a0d,e")
    lines, exported = _written(ExportOptions(for_excel=True, delimiter=delimiter), sample_user)
    assert lines[0].startswith("\ufeffFirst Name" + delimiter.character + "Last Name")
    cells = dict(
        zip(KEYS, next(csv.reader([lines[1]], delimiter=delimiter.character)), strict=True)
    )
    assert cells["extension"] == '="0412"'
    assert cells["agent_id"] == '="=1+1"'
    assert cells["phone_ip"] == "10.0.0.17"
    assert cells["location"] == sample_user.location
    assert exported.notes == []


def test_delimiter_applies_only_to_a_file_for_excel():
    lines, _ = _written(ExportOptions(delimiter=Delimiter.TAB), ANNA)
    assert lines[0] == ",".join(HEADER)


@pytest.mark.parametrize(
    ("typed", "delimiter"),
    [
        *((";", Delimiter.SEMICOLON), ("Semicolon", Delimiter.SEMICOLON), ("\t", Delimiter.TAB)),
        *(("\\t", Delimiter.TAB), ("|", Delimiter.BAR), (",", Delimiter.COMMA)),
    ],
)
def test_delimiter_typed_accepts_names_and_characters(typed, delimiter):
    assert parse_export_delimiter(typed) is delimiter


@pytest.mark.parametrize("typed", ["", ":", "x", "commas", '"', " "])
def test_delimiter_typed_rejects_other_characters(typed):
    with pytest.raises(UserError, match="delimiter"):
        parse_export_delimiter(typed)


def test_guarded_formulas_have_an_apostrophe_and_phone_numbers_do_not():
    sample_user = user(agent_id="=1+1", location="+47 22 12", department="-x", password="@secret")
    lines, exported = _written(ExportOptions(guard_formulas=True), ANNA, sample_user)
    cells = _cells(lines[2])
    assert [cells[key] for key in ("agent_id", "location", "department", "password")] == [
        *("'=1+1", "+47 22 12", "'-x", "'@secret")
    ]
    assert _cells(lines[1]) == ANNA._asdict()
    assert exported.formulas.message == ""


def test_value_that_looks_guarded_is_guarded_once_more_with_any_options():
    for guard in (False, True):
        lines, exported = _written(
            ExportOptions(guard_formulas=guard), user(location="''=x", agent_id="'t Hooft")
        )
        assert _cells(lines[1])["location"] == "'''=x"
        assert _cells(lines[1])["agent_id"] == "'t Hooft"
        assert exported.formulas.message == ""


@pytest.mark.parametrize("first", ["%PDF", "GIF89a", '%PDF"'])
def test_name_at_the_start_of_a_file_is_not_a_file_signature(tmp_path, first):
    sample_user = user(first_name=first)
    path = export_users(
        [sample_user, ANNA], tmp_path / "users.csv", options=ExportOptions(header=False)
    )
    with UsersFile(path, ReadOptions("utf-8", ",", header=False)) as file:
        assert [record.values for record in file.records()] == [list(sample_user), list(ANNA)]


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


def test_omitted_secrets_are_not_counted():
    sample_user = user(password="0123", salt="1E5", **_UNALTERED)
    assert _written(ExportOptions(passwords=False), sample_user)[1].altered.total() == 0
    (note,) = _written(ExportOptions(), sample_user)[1].notes
    assert note.startswith("A spreadsheet may alter 2 values (Password 1, Salt Value 1).")


def test_omitted_secrets_are_not_counted_as_formulas():
    sample_user = user(password="=secret", salt="+salt", **_UNALTERED)
    assert _written(ExportOptions(passwords=False), sample_user)[1].formulas.users == 0
    (note,) = _written(ExportOptions(), sample_user)[1].notes
    assert note.startswith("A spreadsheet would run 2 cells of 1 user")
    assert "secret" not in note


def test_notes_of_an_export_without_passwords_name_its_limits():
    note = "Without passwords, this file can only update existing users."
    sample_user = user(**_UNALTERED)
    assert _written(ExportOptions(passwords=False), sample_user)[1].notes == [note]
    (other,) = _written(ExportOptions(passwords=False, ids=False), sample_user)[1].notes
    assert other == f"{note} Without User IDs, users are matched by User Name."


def test_sentences_name_the_file_and_are_safe_for_a_terminal(tmp_path):
    users = [one._replace(**_UNALTERED) for one in _USERS]
    exported = export.export_users(users, tmp_path / "a\x1b[2J")
    assert exported.path == tmp_path / "a\x1b[2J.csv"
    assert exported.messages == [
        f"Export complete. 3 users written to {tmp_path}/a␛[2J.csv",
    ]
