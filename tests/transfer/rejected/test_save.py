"""Saving of rejected records to a file that can be corrected and imported."""

import stat
import tracemalloc
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from qm_tui.errors import UserError
from qm_tui.progress import Cancelled
from qm_tui.transfer.exporting.export import TargetExists
from qm_tui.transfer.importing import ImportRequest, prepare_import
from qm_tui.transfer.planning.plan import ImportPlan
from qm_tui.transfer.reading import lines
from qm_tui.transfer.reading.read_options import ColumnMapping, ReadOptions
from qm_tui.transfer.reading.records import Record, Values
from qm_tui.transfer.rejected.save import (
    RejectedFilesResult,
    issues_text,
    rejected_path,
    save_rejected,
    unreadable_path,
)
from qm_tui.users.fields import FIELD, FIELDS
from qm_tui.users.issues import Issue, Severity
from tests.helpers import EMPTY_STATE, HEADER, csv_text, read, user, write_file

_NO_EXTENSION = user("boris", extension="", user_id="", location='Zürich; "Süd", 2 | 3')
_TWO_FAULTS = user("clara", is_active="yes", last_name="", user_id="", password=" ENC pw ")
_GOOD = user("dora", user_id="")


def _plan(path: Path, read_as: ReadOptions | None = None) -> ImportPlan:
    return prepare_import(
        ImportRequest(path, read_options=read_as or ReadOptions()), EMPTY_STATE
    ).plan


def _problems(path: Path, read_as: ReadOptions | None = None) -> dict[int, str]:
    said: dict[int, list[str]] = defaultdict(list)
    for problem in _plan(path, read_as).issues:
        if problem.severity is Severity.ERROR:
            said[problem.record].append(problem.message)
    return {number: "; ".join(messages) for number, messages in said.items()}


def _save(
    path: Path,
    problems: Mapping[int, str] | None = None,
    read_as: ReadOptions | None = None,
    **how: Any,
) -> RejectedFilesResult:
    read_as = read_as or ReadOptions()
    problems = _problems(path, read_as) if problems is None else problems
    return save_rejected(path, read_as, problems, rejected_path(path), **how)


def _saved(folder: Path, rows: list[Any], problems: Mapping[int, str] | None = None) -> Path:
    """Return the file of the rejected records of a file with these rows."""
    saved = _save(write_file(folder, csv_text(rows)), problems).rejected
    assert saved
    return saved


def _again(path: Path | None) -> list[Record]:
    assert path
    return read(path)[0]


def _corrected(path: Path, old: str, new: str, encoding: str = "utf-8") -> Path:
    """Return the file with a cell replaced, as by an editor."""
    text = path.read_bytes().decode(encoding)
    assert old in text
    corrected = path.with_name("corrected.csv")
    corrected.write_bytes(text.replace(old, new).encode(encoding))
    return corrected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("header", ["header", "no header", "sep= and header"])
def test_corrected_file_can_be_imported_directly(tmp_path, header, encoding):
    for delimiter, end in ((",", "\r\n"), (";", "\n"), ("\t", "\r"), ("|", "\r\n")):
        rows = [_GOOD, _NO_EXTENSION]
        text = csv_text(rows if header == "no header" else [HEADER, *rows], delimiter, end)
        if header.startswith("sep="):
            text = f"sep={delimiter}{end}{text}"
        saved = _save(write_file(tmp_path, text.encode(encoding)), overwrite=True)
        assert (saved.records, saved.lines, saved.unreadable) == (1, 0, None)
        assert saved.rejected
        raw = saved.rejected.read_bytes()
        new = raw.decode(encoding)
        assert raw == new.encode(encoding), "the byte order mark is written again"
        assert new.count("\r\n") == new.count("\n") == new.count("\r")
        assert new.startswith("sep=") == header.startswith("sep=")
        (record,), findings = read(saved.rejected)
        assert record.values == list(_NO_EXTENSION)
        assert findings.dialect.delimiter == delimiter
        assert not findings.columns.ignored
        name = f"Borissen{delimiter}"
        plan = _plan(
            _corrected(saved.rejected, name + delimiter, f"{name}0415{delimiter}", encoding)
        )
        assert (plan.rejected, plan.records) == (0, 1)


def test_problems_column_contains_the_errors_of_each_record(tmp_path):
    path = write_file(tmp_path, csv_text([HEADER, _NO_EXTENSION, _GOOD, _TWO_FAULTS]))
    problems = {1: "Extension is empty", 3: "Last Name; active"}
    saved = save_rejected(path, ReadOptions(), problems, tmp_path / "new.csv")
    expected = [
        *(["Problems", *HEADER], ["Extension is empty", *_NO_EXTENSION]),
        ["Last Name; active", *_TWO_FAULTS],
    ]
    assert (tmp_path / "new.csv").read_bytes().decode() == csv_text(expected)
    assert saved.messages == [
        f"Saved 2 rejected records to {tmp_path}/new.csv. Correct them there, then import that "
        "file."
    ]


def test_cells_are_neither_trimmed_nor_unwrapped(tmp_path):
    cells = [*_NO_EXTENSION]
    cells[0], cells[4], cells[5], cells[7] = "\xa0 Boris ", '="0123"', "'=1+1", "  ENC  "
    path = write_file(tmp_path, csv_text([HEADER, cells]))
    saved = _saved(tmp_path, [HEADER, cells])
    assert saved.read_bytes().decode().splitlines()[1].endswith(csv_text([cells]).rstrip())
    assert _again(saved)[0].values == _again(path)[0].values


def test_line_breaks_in_cells_unknown_columns_and_missing_cells_are_kept(tmp_path):
    cells = _GOOD._replace(location="one\ntwo")
    saved = _saved(tmp_path, [HEADER, cells])
    assert _again(saved)[0].values == list(cells)
    assert _plan(_corrected(saved, "one\ntwo", "one two")).rejected == 0
    saved.unlink()
    header = ["Room", "User Name", "Last Name", "First Name", "Ext", "", ""]
    saved = _saved(tmp_path, [header, ["12", "b", "B", "Boris", "412"], ["Room"]], {1: "Missing"})
    assert saved.read_text(encoding="utf-8").splitlines() == [
        *("Problems,Room,User Name,Last Name,First Name,Ext,,", "Missing,12,b,B,Boris,412")
    ]
    saved.unlink()
    short = list(_NO_EXTENSION[:19])
    assert _again(_saved(tmp_path, [HEADER, short]))[0].values == [*short, *[None] * 7]


def test_file_read_with_a_mapping_can_be_read_with_it_again(tmp_path):
    header = ["Vorname", "Nachname", *HEADER[2:]]
    pairs = {"Vorname": FIELD["first_name"], "Nachname": FIELD["last_name"], "Location": None}
    read_as = ReadOptions(header=True, mapping=ColumnMapping("de", pairs))
    path = write_file(tmp_path, csv_text([header, _GOOD, _NO_EXTENSION], ";"))
    saved = _save(path, read_as=read_as).rejected
    assert saved
    assert _problems(saved, read_as) == {1: _problems(path, read_as)[2]}
    assert _plan(_corrected(saved, "Borissen;;", "Borissen;0415;"), read_as).rejected == 0


@pytest.mark.parametrize("at", [0, 1, 5, 26])
def test_problems_column_of_a_rejected_file_is_replaced_at_any_position(tmp_path, at):
    header, cells = [*HEADER], [*_TWO_FAULTS]
    header.insert(at, " problems ")
    cells.insert(at, "old words")
    saved = _saved(tmp_path, [header, cells], {1: "new words"})
    expected = csv_text([["Problems", *HEADER], ["new words", *_TWO_FAULTS]])
    assert saved.read_bytes().decode() == expected


@pytest.mark.parametrize(
    ("text", "shown"),
    [("Łukasz Müller", "?ukasz Müller,"), ("not Ã¼ but u", "not ?? but u,")],
)
def test_problems_fit_into_the_encoding_and_do_not_change_its_detection(tmp_path, text, shown):
    path = write_file(tmp_path, csv_text([HEADER, _NO_EXTENSION]).encode("cp1252"))
    saved = _save(path, {1: text})
    assert saved.rejected
    assert shown in saved.rejected.read_text(encoding="cp1252")
    assert not saved.is_utf8
    (record,), findings = read(saved.rejected)
    assert findings.dialect.encoding == "cp1252"
    assert record.values == list(_NO_EXTENSION)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\t=1", "", "\n=1", "\x00\ud800", "=" + "word " * 5000]
)
def test_problems_are_no_formula_and_do_not_break_the_record(tmp_path, text):
    saved = _saved(tmp_path, [HEADER, _NO_EXTENSION], {1: text})
    assert saved.read_text(encoding="utf-8").splitlines()[1].lstrip('"')[0].isalpha()
    (record,) = _again(saved)
    assert (record.values, record.issues) == (list(_NO_EXTENSION), ())


def test_problems_begin_with_their_field_and_omit_warnings():
    field = FIELD["extension"]
    faults = [
        Issue(field, "Extension is empty", "Fill it in."),
        Issue(field, "It is not", "Correct it."),
        Issue(field, "A warning", "No.", Severity.WARNING),
        Issue(None, "The record has 27 values", "Remove one."),
    ]
    assert issues_text(faults) == (
        "Extension is empty. Fill it in. Extension: It is not. Correct it. The record has 27 "
        "values. Remove one."
    )


# -- unreadable lines

_BAD_LINES = [
    *('open,"quote', '"text"after,the quote', "nul\x00,x", ",".join("x" * 27), "x" * 5000),
    "x" * 1_200_000 + ",y",
]


@pytest.mark.parametrize("block", [7, 4096])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-be"])
def test_unreadable_lines_are_copied_byte_for_byte(tmp_path, monkeypatch, encoding, block):
    good = [csv_text([row], end="") for row in (_GOOD, _NO_EXTENSION)]
    bad = _BAD_LINES[: 6 if block > 4000 else 5]
    end = "\r" if block == 7 and encoding == "utf-8" else "\r\n"
    text = end.join([csv_text([HEADER], end=""), good[0], *bad[:3], "", good[1], *bad[3:]])
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    path = write_file(tmp_path, mark + text.encode(encoding))
    monkeypatch.setattr(lines, "BLOCK", block)
    saved = _save(path)
    assert (saved.records, saved.lines) == (1, len(bad))
    assert saved.unreadable
    assert saved.unreadable == tmp_path / "users-unreadable.txt"
    copied = end.join(bad)  # the last has no end, as in the file
    bare = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(encoding, encoding)
    utf16_mark = {"utf-16": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    assert saved.unreadable.read_bytes() == utf16_mark + copied.encode(bare)
    assert saved.messages[-1] == (
        f"Saved {len(bad)} unreadable lines unchanged to {saved.unreadable}."
    )
    for file in (saved.rejected, saved.unreadable):
        assert file
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("before", "bad", "after"),
    [
        ("é\n".encode(), b"bad \xff\xc3,\xed\xa0\x80\n", b""),
        ("é\n".encode(), b"bad \xc3\r\n", b"x"),
        ("é\n".encode("cp1252"), b"bad \x81,\x8d\n", b""),
        (b"\xff\xfe" + "é\n".encode("utf-16-le"), b"\x00\xd8a\x00\n\x00", b"b\x00"),
        (b"\xfe\xff" + "é\n".encode("utf-16-be"), b"\xdc\x00\x00a", b""),
        (b"\xff\xfe" + "é\n".encode("utf-16-le"), b"a\x00b", b""),
        (b"\xff\xfe" + "é\n".encode("utf-16-le"), b"a\x00\x00\xd8", b""),
        (b"\xff\xfe" + "é\n".encode("utf-16-le"), b"a\x00\x00\xd8b", b""),
    ],
)
def test_invalid_bytes_are_copied_unchanged(tmp_path, before, bad, after):
    path = write_file(tmp_path, before + bad + after)
    saved = _save(path, {2: "Bytes"}, ReadOptions(header=False))
    assert (saved.rejected, saved.records, saved.lines) == (None, 0, 1)
    assert saved.unreadable
    mark = before[:2] if before[0] >= 0xFE else b""
    assert saved.unreadable.read_bytes() == mark + bad


def test_only_the_first_line_of_a_malformed_record_is_unreadable(tmp_path):
    text = csv_text([HEADER]) + '"one\r\ntwo"three' + ",x" * 20 + "\r\n" + csv_text([_GOOD])
    saved = _save(write_file(tmp_path, text))
    assert saved.unreadable
    assert saved.unreadable.read_bytes() == b'"one\r\n'
    assert saved.records == 1, "the line after it is a separate record"


def test_endless_line_is_copied_without_being_held_in_memory(tmp_path):
    path = tmp_path / "users.csv"
    with path.open("wb") as file:
        file.write(csv_text([HEADER, _GOOD]).encode())
        for _ in range(60):
            file.write(b"x" * 1_000_000)
    tracemalloc.start()
    saved = _save(path, {2: "The line is too long"})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert saved.unreadable
    assert saved.unreadable.stat().st_size == 60_000_000
    assert peak < 10_000_000


# -- corrections


def _values(row, **more: str | None) -> Values:
    values: Values = [*row]
    for key, value in more.items():
        values[FIELD[key].index] = value
    return values


def test_correction_that_is_still_rejected_replaces_the_cells(tmp_path):
    path = write_file(tmp_path, csv_text([HEADER, _TWO_FAULTS, _NO_EXTENSION]) + 'open,"quote\r\n')
    values = _values(_TWO_FAULTS, last_name="Karlsen", location='="0123"', agent_id="'=1+1")
    saved = _save(path, corrections={1: values, 3: _values(_NO_EXTENSION), 7: _values(_GOOD)})
    assert [record.values for record in _again(saved.rejected)] == [
        *(values, list(_NO_EXTENSION), list(_NO_EXTENSION))
    ]
    assert (saved.records, saved.lines, saved.unreadable) == (3, 0, None)


def test_correction_is_written_to_the_columns_of_the_file(tmp_path):
    header = ["Room", "Last Name", "Problems", "User Name", "Phone IP 2"]
    rows = [header, ["7", "Berg", "old", "anna"], ["8", "B", "", "b"]]
    values: Values = [None] * len(FIELDS)
    values[1], values[6] = "Bergh", "anna"
    values[0], values[10] = "Anna", "10.0.0.1"  # the file has no such columns
    path = write_file(tmp_path, csv_text(rows))
    saved = _save(path, {1: "one", 2: "two"}, corrections={1: values}).rejected
    assert saved
    assert saved.read_text(encoding="utf-8").splitlines() == [
        "Problems,Room,Last Name,User Name,Phone IP 2,First Name,Phone IP",
        *("one,7,Bergh,anna,,Anna,10.0.0.1", "two,8,B,b"),
    ]
    first, second = _again(saved)
    assert first.values[:2] == ["Anna", "Bergh"]
    assert second.values[0] is None


def test_correction_beyond_the_encoding_makes_the_file_utf_8(tmp_path):
    path = write_file(tmp_path, csv_text([HEADER, _NO_EXTENSION], ";").encode("cp1252"))
    saved = _save(path, corrections={1: _values(_NO_EXTENSION, first_name="Łukasz")})
    assert saved.is_utf8
    assert "UTF-8 with BOM" in " ".join(saved.messages)
    assert saved.rejected
    (record,), findings = read(saved.rejected)
    assert (record.values[0], record.values[19]) == ("Łukasz", _NO_EXTENSION.location)
    assert (findings.dialect.encoding, findings.dialect.delimiter) == ("utf-8-sig", ";")


# -- file names and conflicts


@pytest.mark.parametrize(
    ("source", "rejected", "unreadable"),
    [
        ("users.csv", "users-rejected.csv", "users-unreadable.txt"),
        ("USERS.CSV", "USERS-rejected.csv", "USERS-unreadable.txt"),
        ("a.b.csv", "a.b-rejected.csv", "a.b-unreadable.txt"),
        ("users-rejected.csv", "users-rejected-2.csv", "users-unreadable-2.txt"),
        ("users-rejected-2.csv", "users-rejected-3.csv", "users-unreadable-3.txt"),
        ("x-rejected-y.csv", "x-rejected-y-rejected.csv", "x-rejected-y-unreadable.txt"),
    ],
)
def test_files_are_named_after_the_imported_file(source, rejected, unreadable):
    path = rejected_path(Path("/x") / source)
    assert path == Path("/x") / rejected
    assert unreadable_path(path) == Path("/x") / unreadable


def _bad_file(folder: Path) -> Path:
    return write_file(folder, csv_text([HEADER, _NO_EXTENSION]) + 'open,"quote\r\n')


@pytest.mark.parametrize("taken", ["users-rejected.csv", "users-unreadable.txt"])
def test_existing_file_is_not_overwritten_and_a_free_name_suggested(tmp_path, taken):
    path = _bad_file(tmp_path)
    (tmp_path / taken).write_text("mine")
    (tmp_path / "users-rejected-2.csv").write_text("mine")
    with pytest.raises(TargetExists, match=rf"{taken} already exists.*users-rejected-3\.csv"):
        _save(path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"users.csv", "users-rejected-2.csv", taken}
    saved = _save(path, overwrite=True)
    assert (saved.records, saved.lines) == (1, 1)
    assert (tmp_path / taken).read_text() != "mine"


_BAD = {1: "Extension is empty", 2: "Unclosed quote"}
_SURROGATE = {1: _values(_NO_EXTENSION, first_name="\ud800")}


@pytest.mark.parametrize(
    ("target", "problems", "how", "says"),
    [
        ("users.csv", _BAD, {"overwrite": True}, "the file being imported"),
        ("folder.csv", _BAD, {"overwrite": True}, "is not a file"),
        ("no/x.csv", _BAD, {}, r"Cannot write .*no/x\.csv: No such file"),
        ("x.csv", _BAD, {"signature": (1, 2, 3)}, "has changed since"),
        ("x.csv", _BAD | {9: "gone"}, {}, "has changed since"),
        ("x.csv", {}, {}, "no rejected records"),
        ("x.csv", _BAD, {"corrections": _SURROGATE}, "invalid character"),
    ],
)
def test_nothing_is_saved_if_not_all_can_be(tmp_path, target, problems, how, says):
    path = _bad_file(tmp_path)
    before = path.read_bytes()
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UserError, match=says):
        save_rejected(path, ReadOptions(), problems, tmp_path / target, **how)
    assert path.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"users.csv", "folder.csv"}


def _at_tick(number: int, do: Callable[[], None]) -> Callable[..., None]:
    ticks = iter(range(1, 1000))
    return lambda *_: do() if next(ticks) == number else None


def _raise() -> None:
    raise Cancelled


def test_canceling_at_any_progress_leaves_nothing_behind(tmp_path, monkeypatch):
    path = _bad_file(tmp_path)
    monkeypatch.setattr(lines, "BLOCK", 64)
    ticks: list[int] = []
    save_rejected(path, ReadOptions(), _BAD, tmp_path / "x.csv", lambda *_: ticks.append(1))
    assert len(ticks) > 8
    for number in range(1, len(ticks) + 1):
        with pytest.raises(Cancelled):
            save_rejected(path, ReadOptions(), _BAD, tmp_path / "y.csv", _at_tick(number, _raise))
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"users.csv", "x-unreadable.txt", "x.csv"}


def test_both_files_or_none_are_written(tmp_path):
    path = _bad_file(tmp_path)

    def somebody_else_writes(*_: object) -> None:
        if any(tmp_path.glob(".x-unreadable*")):
            (tmp_path / "x.csv").write_text("mine")

    with pytest.raises(TargetExists):
        save_rejected(path, ReadOptions(), _BAD, tmp_path / "x.csv", somebody_else_writes)
    assert (tmp_path / "x.csv").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["users.csv", "x.csv"]
