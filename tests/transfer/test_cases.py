"""Small files that went wrong once, each with one kind of fault."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from qm_tui.store import open_store
from qm_tui.transfer.importing import (
    ImportReport,
    ImportRequest,
    MappingRequired,
    import_users,
)
from qm_tui.transfer.mapping.guess import guess_columns
from qm_tui.transfer.options.import_options import ImportOptions, ShortRecords
from qm_tui.transfer.reading.columns import column_names
from qm_tui.transfer.reading.read_options import ColumnMapping, ReadOptions
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.users.fields import User
from tests.helpers import counts

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
    return Outcome(report, list(store.state.users.values()))


@pytest.mark.parametrize("name", ["shifted-right", "unquoted-comma"])
def test_record_with_too_many_values_is_rejected_with_its_line(tmp_path, name):
    found = import_case(tmp_path, name)
    assert found.problems == [("error", 2, "27 values for 26 columns")]
    assert found.users == []


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
    assert found.report.file_report.messages[0] == (
        "The file seems to be incomplete: the last record has 19 of 26 values and no line end."
    )
    assert [problem[:2] for problem in found.problems] == [("error", 40)]
    assert len(found.users) == 39


def test_title_above_the_header_is_skipped(tmp_path):
    found = import_case(tmp_path, "title-line")
    assert found.report.file_report.dialect.header_line == 2
    assert found.report.file_report.skipped_lines == [1]
    assert (found.users[0].first_name, found.users[0].location) == ("Jack", "São Paulo")
    assert counts(found.report.plan) == (4, 0, 0, 0)


def test_byte_order_mark_of_a_joined_file_is_not_part_of_a_name(tmp_path):
    found = import_case(tmp_path, "bom-in-the-middle")
    assert [user.first_name for user in found.users] == ["Anna", "Zoe"]
    assert found.report.file_report.marked_lines == [3]
    assert found.problems == []


def test_odd_blanks_around_values_are_removed_except_in_secrets(tmp_path):
    found = import_case(tmp_path, "name-odd-spaces")
    assert [(user.first_name, user.extension, user.user_name) for user in found.users] == [
        *(("Anna", "2500", "t1"), ("Anna", "2501", "t2"), ("Anna", "2502", "t3")),
    ]
    assert found.problems == [("error", 6, "Salt Value contains a line break")]


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


def test_delimiter_without_a_header_gives_26_columns(tmp_path):
    found = import_case(tmp_path, "delimiter-no-header")
    assert found.report.file_report.dialect.delimiter == ";"
    assert found.users[0].additional_extensions.count(",") == 26
    assert found.problems == []


@pytest.mark.parametrize(("converts", "expected"), [(False, (0, 0, 0, 1)), (True, (1, 0, 0, 0))])
def test_boolean_words_are_converted_by_an_option(tmp_path, converts, expected):
    found = import_case(tmp_path, "flags-true-false", ImportOptions(read_booleans=converts))
    assert counts(found.report.plan) == expected
    fixes = {group.fixing_option and group.fixing_option.key for group in found.report.plan.groups}
    assert fixes == (set() if converts else {"read_booleans"})
    assert [user.is_active for user in found.users] == ["1"] * converts


def test_end_of_file_mark_is_no_record(tmp_path):
    found = import_case(tmp_path, "end-of-file-mark")
    assert counts(found.report.plan) == (1, 0, 0, 0)
    assert found.problems == []
    assert "Ignored a Ctrl+Z at the end of the file." in found.report.file_report.messages
