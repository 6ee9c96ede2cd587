"""Small files that went wrong once, each with one kind of fault."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from qm_tui.store import open_store
from qm_tui.transfer.importing import ImportReport, ImportRequest, import_users
from qm_tui.transfer.mapping.guess import guess_columns
from qm_tui.transfer.options.import_options import ImportOptions, ShortRecords
from qm_tui.transfer.reading.columns import column_names
from qm_tui.transfer.reading.file_report import MappingRequired
from qm_tui.transfer.reading.read_options import ColumnMapping, ReadOptions
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.users.fields import User
from tests.helpers import counts, users_of

CASES: Final = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Outcome:
    """The result of importing a case, and the users in the store afterward."""

    report: ImportReport
    users: list[User]

    @property
    def problems(self) -> list[tuple[str, int, str]]:
        """The severity, the line and the message of each problem."""
        return [
            (str(issue.severity), issue.line, issue.message) for issue in self.report.plan.issues
        ]


def import_case(
    folder: Path,
    name: str,
    options: ImportOptions | None = None,
    read_options: ReadOptions | None = None,
) -> Outcome:
    """Import a case into the store in a folder."""
    file = Path(shutil.copy(CASES / f"{name}.csv", folder))
    store = open_store(folder / "store" / "users.json")
    store.load()
    request = ImportRequest(file, options or ImportOptions(), read_options or ReadOptions())
    report = import_users(request, store)
    return Outcome(report, list(users_of(store.state).values()))


_TOO_MANY = [("error", 2, "27 values for 26 columns")]
_INCOMPLETE = (
    "The file seems to be incomplete: the last record has 19 of 26 values and no line end."
)


@pytest.mark.parametrize(
    ("name", "problems", "first_names", "message"),
    [
        *(("shifted-right", _TOO_MANY, [], ""), ("unquoted-comma", _TOO_MANY, [], "")),
        ("title-line", [], ["Jack", "Laura", "Jack", "Željko"], "Skipped line 1 above the header."),
        ("bom-in-the-middle", [], ["Anna", "Zoe"], "Removed a byte order mark from line 3."),
        ("delimiter-no-header", [], ["Anna"], "Read as UTF-8, semicolon, no header; columns in st"),
        ("end-of-file-mark", [], ["Anna"], "Ignored a Ctrl+Z at the end of the file."),
        (
            "name-odd-spaces",
            [("error", 6, "Salt Value contains a line break")],
            *(["Anna"] * 3, ""),
        ),
    ],
)
def test_case_has_these_problems_and_users(tmp_path, name, problems, first_names, message):
    found = import_case(tmp_path, name)
    assert found.problems == problems
    assert [user.first_name for user in found.users] == first_names
    assert message in "\n".join(found.report.file_report.messages)
    assert all(user.extension == user.extension.strip() for user in found.users)


@pytest.mark.parametrize(
    ("choice", "severity", "imported"),
    [(ShortRecords.WARN, "warning", 1), (ShortRecords.REJECT, "error", 0)],
)
def test_record_with_too_few_values_is_an_option(tmp_path, choice, severity, imported):
    found = import_case(tmp_path, "shifted-left", ImportOptions(short_records=choice))
    assert (severity, 2, "25 values for 26 columns") in found.problems
    assert found.report.plan.issues[0].fix == "Check that each value is in the right field."
    assert len(found.users) == imported


def test_file_that_was_cut_off_is_incomplete(tmp_path):
    found = import_case(tmp_path, "cut-off")
    assert found.report.file_report.messages[0] == _INCOMPLETE
    assert [problem[:2] for problem in found.problems] == [("error", 40)]
    assert len(found.users) == 39


def test_german_header_is_mapped(tmp_path):
    with pytest.raises(MappingRequired, match=r"line 1: .*--mapping FILE.*--header no"):
        import_case(tmp_path, "header-german")
    with UsersFile(CASES / "header-german.csv") as file:
        header = file.file_report.columns.header
        guess = guess_columns(header, file.file_report.sample_values)
    pairs = dict(zip(column_names(header), guess, strict=True))
    keys = [field and field.key for field in pairs.values()]
    assert (keys[10], keys[25]) == ("phone_ip", "secondary_phone_ip")
    mapping = ColumnMapping("german", pairs)
    report = import_case(
        tmp_path, "header-german", read_options=ReadOptions(mapping=mapping)
    ).report
    assert not report.file_report.dialect.has_unknown_names


@pytest.mark.parametrize(("converts", "expected"), [(False, (0, 0, 0, 1)), (True, (1, 0, 0, 0))])
def test_boolean_words_are_converted_by_an_option(tmp_path, converts, expected):
    found = import_case(tmp_path, "flags-true-false", ImportOptions(read_booleans=converts))
    assert counts(found.report.plan) == expected
    fixes = {group.fixing_option and group.fixing_option.key for group in found.report.plan.groups}
    assert fixes == (set() if converts else {"read_booleans"})
    assert [user.is_active for user in found.users] == ["1"] * converts
