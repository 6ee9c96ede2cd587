import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from qm_tui.store.state import State
from qm_tui.transfer.planning.plan import ImportPlan, Result
from qm_tui.transfer.planning.planner import plan_import
from qm_tui.transfer.reading.dialect import Dialect
from qm_tui.transfer.reading.file_report import FileReport
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.transfer.reading.records import Record
from qm_tui.users.fields import FIELDS, Kind, User
from qm_tui.users.identity import normalize_user_name
from qm_tui.users.issues import RecordIssue, Severity
from qm_tui.users.validation import validate_user
from qm_tui.users.warnings import user_warnings
from sample_data.generate import main, users
from sample_data.make import make
from tests.helpers import EMPTY_STATE

FOLDER = Path(__file__).parents[2] / "sample_data"
GENERATE = FOLDER / "generate.py"
MANY = 20_000


class Sample(NamedTuple):
    findings: FileReport
    records: list[Record]

    def plan(self, state: State = EMPTY_STATE) -> ImportPlan:
        return plan_import(self.records, state)


def sample(name: str) -> Sample:
    with UsersFile(FOLDER / name) as file:
        records = list(file.records())
        return Sample(file.file_report, records)


def errors_of(plan: ImportPlan) -> list[RecordIssue]:
    return [problem for problem in plan.issues if problem.severity is Severity.ERROR]


def run_generate(*arguments: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, GENERATE, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": "7", "LC_ALL": "C", "PYTHONUTF8": "0"},
        capture_output=True,
        check=False,
        timeout=60,
    )


@pytest.fixture(scope="module")
def many() -> list[User]:
    return list(users(MANY))


# The generator


def test_generator_is_reproducible_in_any_folder_and_locale(many, tmp_path):
    for count in (0, 1, 5000):
        assert list(users(count)) == many[:count]
    done = run_generate("250", folder=tmp_path)
    assert done.stdout == (FOLDER / "users.csv").read_bytes()
    assert (done.returncode, done.stderr) == (0, b"")


def test_generated_users_are_valid_without_warnings(many):
    for user in many[:10_000]:
        assert validate_user(user) == user_warnings(user) == []
        assert all(value == value.strip() for value in user)
        assert not any(value.startswith(("=", "+", "-", "@", "\t", "'")) for value in user)


def test_generated_users_are_unique_and_use_many_scripts(many):
    assert len({normalize_user_name(user.user_name) for user in many}) == MANY
    assert len({user.extension for user in many}) == MANY
    names = {user.first_name for user in many[:5000]} | {user.last_name for user in many[:5000]}
    assert {"陈", "Ying", "Łukasik", "Åkesson", "d'Arcy", "Şahin", "محمد", "Олена"} <= names


def test_invalid_argument_is_an_error_of_one_line(capsys):
    for arguments in ([], ["-1"], ["1", "2"]):
        assert main(arguments) == 2
        said = capsys.readouterr()
        assert (said.out, said.err.count("\n"), said.err[:7]) == ("", 1, "Usage: ")


# The sample files


def test_sample_files_are_up_to_date(tmp_path):
    make(tmp_path)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_bytes() for path in FOLDER.glob("*.csv")}


@pytest.mark.parametrize(
    ("name", "added", "dialect"),
    [
        ("users.csv", 250, Dialect("utf-8", ",", has_sep_line=False, header_line=1)),
        ("users-no-header.csv", 40, Dialect("utf-8", ",", has_sep_line=False)),
        ("users-excel-de.csv", 60, Dialect("cp1252", ";", has_sep_line=False, header_line=1)),
    ],
)
def test_valid_sample_file_of_generated_users_is_imported_completely(name, added, dialect):
    found = sample(name)
    plan = found.plan()
    assert found.findings.dialect == dialect
    assert plan.counts[Result.ADDED] == plan.records == added
    assert errors_of(plan) == []


# The sample file with errors

FIELDS_AT_FAULT = {
    "Bad Licenses: both assigned": "on_demand_license",
    "Bad Licenses: none assigned": "on_demand_license",
    "Bad Phone IP": "phone_ip",
    "Bad Secondary Phone IP": "secondary_phone_ip",
    "Bad Recording Service": "recording_service",
    "Bad Windows Login": "windows_login",
    "Bad SIP URI": "sip_uri",
    "Bad Agent ID: holds a BEL": "agent_id",
    "Bad Location: holds a line break": "location",
    "Same User Name": "user_name",
    "Same User ID": "user_id",
    **{f"No {field.header}": field.key for field in FIELDS if field.required},
    **{f"Bad {field.header}": field.key for field in FIELDS if field.kind is Kind.FLAG},
}
CANNOT_BE_READ = [
    "A cell is too long (maximum 4,096 characters)",
    "27 values for 26 columns",
    "Text after a closing quote",
    "The record contains a NUL character",
    "The record contains bytes that are not valid UTF-8",
    "Unclosed quote",
]


@pytest.fixture(scope="module")
def with_errors() -> Sample:
    return sample("users-with-errors.csv")


def test_every_rule_rejects_one_record(with_errors):
    plan = with_errors.plan()
    found = [(problem.user, problem.field.key) for problem in errors_of(plan) if problem.field]
    assert sorted(found) == sorted(FIELDS_AT_FAULT.items())
    unreadable = [problem.message for problem in errors_of(plan) if problem.field is None]
    assert unreadable == CANNOT_BE_READ
    assert plan.rejected == len(FIELDS_AT_FAULT) + len(CANNOT_BE_READ)
    assert with_errors.findings.blank == 6
    unclosed = next(one for one in errors_of(plan) if one.message == "Unclosed quote")
    assert with_errors.records[unclosed.record].line == unclosed.line + 1


def test_valid_records_between_invalid_ones_are_added(with_errors):
    plan = with_errors.plan()
    assert len(plan.added) == len(plan.changes) == 9
    assert {f"{user.first_name} {user.last_name}" for user in plan.changes.values()} >= {
        "Good User Name",
        "Good User ID: new to an empty store only",
        "Unknown User ID: new to an empty store only",
    }
