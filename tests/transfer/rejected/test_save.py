"""Saving of rejected records to a file that can be corrected and imported."""

import stat
import tracemalloc
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from qm_tui.errors import UserError
from qm_tui.progress import Cancelled
from qm_tui.store.state import EMPTY
from qm_tui.transfer.exporting.export import TargetExists
from qm_tui.transfer.importing import ImportRequest, prepare_import
from qm_tui.transfer.planning.plan import ImportPlan
from qm_tui.transfer.reading import lines
from qm_tui.transfer.reading.read_options import ColumnMapping, ReadOptions
from qm_tui.transfer.reading.reader import Values
from qm_tui.transfer.rejected.save import (
    RejectedFilesResult,
    issues_text,
    rejected_path,
    save_rejected,
    unreadable_path,
)
from qm_tui.users.fields import FIELD, FIELDS
from qm_tui.users.issues import Issue, Severity
from tests.helpers import HEADER, csv_text, read, user, write_file

_NO_EXTENSION = user("boris", extension="", user_id="", location='Zürich; "Süd", 2 | 3')
_TWO_FAULTS = user("clara", is_active="yes", last_name="", user_id="", password=" ENC pw ")
_GOOD = user("dora", user_id="")


def _plan(path: Path, read_as: ReadOptions | None = None) -> ImportPlan:
    return prepare_import(ImportRequest(path, read_options=read_as or ReadOptions()), EMPTY).plan


def _problems(path: Path, read_as: ReadOptions | None = None) -> dict[int, str]:
    said: dict[int, list[str]] = defaultdict(list)
    for problem in _plan(path, read_as).issues:
        if problem.severity is Severity.ERROR:
            said[problem.record].append(problem.message)
    return {number: "; ".join(messages) for number, messages in said.items()}


def _save(path: Path, read_as: ReadOptions | None = None, **how) -> RejectedFilesResult:
    read_as = read_as or ReadOptions()
    problems = _problems(path, read_as)
    return save_rejected(path, read_as, problems, rejected_path(path), **how)


def _corrected(saved: RejectedFilesResult, old: str, new: str, encoding: str = "utf-8") -> Path:
    """Return the file with a cell replaced, as by an editor."""
    assert saved.rejected
    text = saved.rejected.read_bytes().decode(encoding)
    assert old in text
    corrected = saved.rejected.with_name("corrected.csv")
    corrected.write_bytes(text.replace(old, new).encode(encoding))
    return corrected


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("header", ["header", "no header", "sep= and header"])
def test_corrected_file_can_be_imported_directly(tmp_path, header, encoding, delimiter, end):
    rows = [_GOOD, _NO_EXTENSION]
    text = csv_text(rows if header == "no header" else [HEADER, *rows], delimiter, end)
    if header.startswith("sep="):
        text = f"sep={delimiter}{end}{text}"
    path = write_file(tmp_path, text.encode(encoding))
    saved = _save(path)
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
    corrected = _corrected(
        saved, f"Borissen{delimiter}{delimiter}", f"Borissen{delimiter}0415{delimiter}", encoding
    )
    plan = _plan(corrected)
    assert (plan.rejected, plan.records) == (0, 1)


def test_problems_column_contains_the_errors_of_each_record(tmp_path):
    path = write_file(tmp_path, csv_text([HEADER, _NO_EXTENSION, _GOOD, _TWO_FAULTS]))
    saved = save_rejected(
        path, ReadOptions(), {1: "Extension is empty", 3: "Last Name; active"}, tmp_path / "new.csv"
    )
    assert saved.rejected
    assert saved.rejected == tmp_path / "new.csv"
    expected = [
        ["Problems", *HEADER],
        ["Extension is empty", *_NO_EXTENSION],
        ["Last Name; active", *_TWO_FAULTS],
    ]
    assert saved.rejected.read_bytes().decode() == csv_text(expected)
    assert saved.records == 2
    assert saved.messages == [
        f"Saved 2 rejected records to {tmp_path}/new.csv. Correct them there, then import that "
        "file."
    ]


def test_files_are_readable_only_by_their_owner(tmp_path):
    path = write_file(tmp_path, csv_text([HEADER, _NO_EXTENSION]) + 'open,"quote\r\n')
    saved = _save(path)
    for file in (saved.rejected, saved.unreadable):
        assert file
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_cells_are_neither_trimmed_nor_unwrapped(tmp_path):
    cells = list(_NO_EXTENSION)
    cells[0], cells[4], cells[5], cells[7] = "\xa0 Boris ", '="0123"', "'=1+1", "  ENC  "
    path = write_file(tmp_path, csv_text([HEADER, cells]))
    saved = _save(path)
    assert saved.rejected
    new = saved.rejected.read_bytes().decode()
    assert new.splitlines()[1].endswith(csv_text([cells]).rstrip())
    (again,), _ = read(saved.rejected)
    (once,), _ = read(path)
    assert again.values == once.values


def test_record_with_a_line_break_in_a_cell_is_unchanged(tmp_path):
    cells = _GOOD._replace(location="one\ntwo")
    saved = _save(write_file(tmp_path, csv_text([HEADER, cells])))
    assert saved.rejected
    (record,), _ = read(saved.rejected)
    assert record.values == list(cells)
    assert _plan(_corrected(saved, "one\ntwo", "one two")).rejected == 0


def test_columns_keep_their_order_also_unknown_ones(tmp_path):
    header = ["Room", "User Name", "Last Name", "First Name", "Ext", "", ""]
    path = write_file(
        tmp_path, csv_text([header, ["12", "boris", "B", "Boris", "412"], header[:1]])
    )
    saved = save_rejected(path, ReadOptions(), {1: "Password is missing"}, rejected_path(path))
    assert saved.rejected
    assert saved.rejected.read_text(encoding="utf-8").splitlines() == [
        "Problems,Room,User Name,Last Name,First Name,Ext,,",
        "Password is missing,12,boris,B,Boris,412",
    ]


def test_missing_cells_remain_missing(tmp_path):
    short = list(_NO_EXTENSION[:19])
    path = write_file(tmp_path, csv_text([HEADER, short]))
    saved = _save(path)
    assert saved.rejected
    (record,), _ = read(saved.rejected)
    assert record.values == [*short, *[None] * 7]


def test_file_read_with_a_mapping_can_be_read_with_it_again(tmp_path):
    header = ["Vorname", "Nachname", *HEADER[2:]]
    mapping = ColumnMapping(
        "de", {"Vorname": FIELD["first_name"], "Nachname": FIELD["last_name"], "Location": None}
    )
    read_as = ReadOptions(header=True, mapping=mapping)
    path = write_file(tmp_path, csv_text([header, _GOOD, _NO_EXTENSION], ";"))
    saved = _save(path, read_as)
    assert saved.rejected
    assert _problems(saved.rejected, read_as) == {1: _problems(path, read_as)[2]}
    assert _plan(_corrected(saved, "Borissen;;", "Borissen;0415;"), read_as).rejected == 0


def test_rejected_again_has_one_problems_column(tmp_path):
    path = write_file(tmp_path, csv_text([HEADER, _TWO_FAULTS]))
    first = _save(path)
    assert first.rejected
    second = save_rejected(
        first.rejected, ReadOptions(), {1: "still"}, rejected_path(first.rejected)
    )
    assert second.rejected
    assert second.rejected == tmp_path / "users-rejected-2.csv"
    expected = csv_text([["Problems", *HEADER], ["still", *_TWO_FAULTS]])
    assert second.rejected.read_bytes().decode() == expected


@pytest.mark.parametrize("at", [1, 5, 26])
def test_problems_column_is_replaced_at_any_position(tmp_path, at):
    header, cells = [*HEADER], [*_TWO_FAULTS]
    header.insert(at, " problems ")
    cells.insert(at, "old words")
    path = write_file(tmp_path, csv_text([header, cells]))
    saved = save_rejected(path, ReadOptions(), {1: "new words"}, rejected_path(path))
    assert saved.rejected
    expected = csv_text([["Problems", *HEADER], ["new words", *_TWO_FAULTS]])
    assert saved.rejected.read_bytes().decode() == expected


def test_problems_replace_characters_that_the_encoding_cannot_represent(tmp_path):
    path = write_file(tmp_path, csv_text([HEADER, _NO_EXTENSION]).encode("cp1252"))
    saved = save_rejected(path, ReadOptions(), {1: "Łukasz Müller"}, rejected_path(path))
    assert saved.rejected
    assert "?ukasz Müller," in saved.rejected.read_text(encoding="cp1252")
    assert not saved.is_utf8


def test_problems_do_not_change_the_detected_encoding(tmp_path):
    path = write_file(tmp_path, csv_text([HEADER, _NO_EXTENSION]).encode("cp1252"))
    saved = save_rejected(path, ReadOptions(), {1: "not Ã¼ but u"}, rejected_path(path))
    assert saved.rejected
    records, findings = read(saved.rejected)
    assert findings.dialect.encoding == "cp1252"
    assert records[0].values == list(_NO_EXTENSION)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "", "\n=1", "\x00\ud800"])
def test_problems_are_no_formula_and_do_not_break_the_record(tmp_path, text):
    path = write_file(tmp_path, csv_text([HEADER, _NO_EXTENSION]))
    saved = save_rejected(path, ReadOptions(), {1: text}, rejected_path(path))
    assert saved.rejected
    first = saved.rejected.read_text(encoding="utf-8").splitlines()[1].lstrip('"')
    assert first[0].isalpha()
    (record,), _ = read(saved.rejected)
    assert not record.issues
    assert record.values == list(_NO_EXTENSION)


def test_very_many_problems_do_not_make_the_record_unreadable(tmp_path):
    path = write_file(tmp_path, csv_text([HEADER, _NO_EXTENSION]))
    saved = save_rejected(path, ReadOptions(), {1: "=" + "word " * 5000}, rejected_path(path))
    assert saved.rejected
    (record,), _ = read(saved.rejected)
    assert not record.issues


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
    'open,"quote',
    '"text"after,the quote',
    "nul\x00,x",
    ",".join("x" * 27),
    "x" * 5000,
    "x" * 1_200_000 + ",y",
]


@pytest.mark.parametrize("block", [7, 4096, lines.BLOCK])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-be"])
def test_unreadable_lines_are_copied_byte_for_byte(tmp_path, monkeypatch, encoding, end, block):
    good = [csv_text([row], end="") for row in (_GOOD, _NO_EXTENSION)]
    bad = _BAD_LINES[: 6 if block > 4000 else 5]
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
    saved = save_rejected(path, ReadOptions(header=False), {2: "Bytes"}, rejected_path(path))
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
    saved = save_rejected(path, ReadOptions(), {2: "The line is too long"}, rejected_path(path))
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
    path = write_file(tmp_path, csv_text([HEADER, _TWO_FAULTS, _NO_EXTENSION]))
    values = _values(_TWO_FAULTS, last_name="Karlsen", location='="0123"', agent_id="'=1+1")
    saved = _save(path, corrections={1: values, 7: _values(_GOOD)})
    assert saved.rejected
    first, second = read(saved.rejected)[0]
    assert first.values == values
    assert second.values == list(_NO_EXTENSION)
    assert (saved.records, saved.lines) == (2, 0)


def test_correction_is_written_to_the_columns_of_the_file(tmp_path):
    header = ["Room", "Last Name", "Problems", "User Name", "Phone IP 2"]
    path = write_file(
        tmp_path, csv_text([header, ["7", "Berg", "old", "anna"], ["8", "B", "", "b"]])
    )
    values: Values = [None] * len(FIELDS)
    values[1], values[6] = "Bergh", "anna"
    values[0], values[10] = "Anna", "10.0.0.1"  # the file has no such columns
    saved = save_rejected(
        path, ReadOptions(), {1: "one", 2: "two"}, rejected_path(path), corrections={1: values}
    )
    assert saved.rejected
    assert saved.rejected.read_text(encoding="utf-8").splitlines() == [
        "Problems,Room,Last Name,User Name,Phone IP 2,First Name,Phone IP",
        "one,7,Bergh,anna,,Anna,10.0.0.1",
        "two,8,B,b",
    ]
    first, second = read(saved.rejected)[0]
    assert first.values[:2] == ["Anna", "Bergh"]
    assert second.values[0] is None


def test_corrected_unreadable_line_becomes_a_record(tmp_path):
    path = write_file(tmp_path, csv_text([HEADER, _GOOD]) + 'open,"quote\r\n')
    saved = _save(path, corrections={2: _values(_NO_EXTENSION)})
    assert saved.rejected
    assert saved.unreadable is None
    (record,), _ = read(saved.rejected)
    assert record.values == list(_NO_EXTENSION)


def test_correction_beyond_the_encoding_makes_the_file_utf_8(tmp_path):
    path = write_file(tmp_path, csv_text([HEADER, _NO_EXTENSION], ";").encode("cp1252"))
    saved = _save(path, corrections={1: _values(_NO_EXTENSION, first_name="Łukasz")})
    assert saved.rejected
    assert saved.is_utf8
    assert "UTF-8 with BOM" in " ".join(saved.messages)
    (record,), findings = read(saved.rejected)
    assert record.values[0] == "Łukasz"
    assert record.values[19] == _NO_EXTENSION.location
    assert (findings.dialect.encoding, findings.dialect.delimiter) == ("utf-8-sig", ";")


def test_unpaired_surrogate_is_refused(tmp_path):
    path = write_file(tmp_path, csv_text([HEADER, _NO_EXTENSION]))
    with pytest.raises(UserError, match="invalid character"):
        _save(path, corrections={1: _values(_NO_EXTENSION, first_name="\ud800")})
    assert [path.name for path in tmp_path.iterdir()] == ["users.csv"]


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
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["users.csv", "users-rejected-2.csv", taken]
    )
    saved = _save(path, overwrite=True)
    assert (saved.records, saved.lines) == (1, 1)
    assert (tmp_path / taken).read_text() != "mine"


def test_imported_file_is_not_overwritten(tmp_path):
    path = _bad_file(tmp_path)
    before = path.read_bytes()
    with pytest.raises(UserError, match="the file being imported"):
        save_rejected(path, ReadOptions(), _problems(path), path, overwrite=True)
    assert path.read_bytes() == before


def test_missing_folder_is_reported(tmp_path):
    path = _bad_file(tmp_path)
    with pytest.raises(UserError, match=r"Cannot write .*no/x\.csv: No such file"):
        save_rejected(path, ReadOptions(), _problems(path), tmp_path / "no" / "x.csv")


def test_target_that_is_no_file_is_not_overwritten(tmp_path):
    path = _bad_file(tmp_path)
    rejected_path(path).mkdir()
    with pytest.raises(UserError, match="is not a file"):
        _save(path, overwrite=True)


def test_changed_file_is_refused(tmp_path):
    path = _bad_file(tmp_path)
    problems = _problems(path)
    target = rejected_path(path)
    with pytest.raises(UserError, match="has changed since"):
        save_rejected(path, ReadOptions(), problems, target, signature=(1, 2, 3))
    with pytest.raises(UserError, match="has changed since"):
        save_rejected(path, ReadOptions(), problems | {9: "gone"}, target)
    assert [path.name for path in tmp_path.iterdir()] == ["users.csv"]


def test_file_without_rejected_records_is_refused(tmp_path):
    path = write_file(tmp_path, csv_text([HEADER, _GOOD]))
    with pytest.raises(UserError, match="no rejected records"):
        _save(path)


def _at_tick(number: int, do: Callable[[], None]) -> Callable[..., None]:
    ticks = iter(range(1, 1000))
    return lambda *_: do() if next(ticks) == number else None


def _raise() -> None:
    raise Cancelled


def test_canceling_at_any_progress_leaves_nothing_behind(tmp_path, monkeypatch):
    path = _bad_file(tmp_path)
    problems = _problems(path)
    monkeypatch.setattr(lines, "BLOCK", 64)
    ticks: list[int] = []
    save_rejected(path, ReadOptions(), problems, tmp_path / "x.csv", lambda *_: ticks.append(1))
    assert len(ticks) > 8
    for number in range(1, len(ticks) + 1):
        with pytest.raises(Cancelled):
            save_rejected(
                path, ReadOptions(), problems, tmp_path / "y.csv", _at_tick(number, _raise)
            )
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("users.csv", "x-unreadable.txt", "x.csv")
    ]


def test_both_files_or_none_are_written(tmp_path):
    path = _bad_file(tmp_path)
    problems = _problems(path)

    def somebody_else_writes(*_: object) -> None:
        if any(tmp_path.glob(".x-unreadable*")):
            (tmp_path / "x.csv").write_text("mine")

    with pytest.raises(TargetExists):
        save_rejected(path, ReadOptions(), problems, tmp_path / "x.csv", somebody_else_writes)
    assert (tmp_path / "x.csv").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["users.csv", "x.csv"]
