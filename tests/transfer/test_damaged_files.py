"""Damaged files: no value comes into another field, by halves or altered, without a problem.

Source: the users file, section 2. The samples are imported without any problem before they are
damaged, so each problem is about the damage.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from random import Random

import pytest

from qm_tui.errors import UserError
from qm_tui.store.state import State
from qm_tui.transfer.importing import ImportRequest, PreparedImport, prepare_import
from qm_tui.transfer.options.import_options import IMPORT_OPTION, ImportOptions
from qm_tui.transfer.planning.plan import Result
from qm_tui.users.fields import FIELD, FIELDS, Field, User
from tests.helpers import EMPTY_STATE, state_of, user
from tests.transfer.mutations import (
    FILE_DAMAGE,
    RECORD_DAMAGE,
    CsvFile,
    add_delimiter,
    any_file,
    damage_records,
    delete_cell,
    lose_delimiter,
)

_SAMPLE = Path(__file__).parents[2] / "sample_data" / "users.csv"
_WIDTH = len(FIELDS)
_USER_ID = FIELD["user_id"].index

_SHORT_RECORDS = IMPORT_OPTION["short_records"]
_OPTIONS = [
    _SHORT_RECORDS.with_value(ImportOptions(), value.value) for value in _SHORT_RECORDS.values
]


def _sample_rows() -> list[User]:
    with _SAMPLE.open(encoding="utf-8", newline="") as file:
        return [User(*row) for row in csv.reader(file)][1:]


def _prepare(path: Path, data: bytes, state: State, options: ImportOptions) -> PreparedImport:
    path.write_bytes(data)
    return prepare_import(ImportRequest(path, options), state)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("files") / "users.csv"


@pytest.fixture(scope="module")
def users(path):
    """Return the users of the sample file that are imported without any problem."""
    return _quiet_users(path)


def _quiet_users(path: Path) -> list[User]:
    file = CsvFile(_sample_rows())
    plan = _prepare(path, file.data, EMPTY_STATE, ImportOptions()).plan
    lines = {issue.line for issue in plan.issues}
    quiet = [one for line, one in enumerate(file.users, start=2) if line not in lines]
    assert len(quiet) > 200
    return quiet


def _state_with(users: Iterable[User], **other: str) -> State:
    """Return a state with users, with a User ID each."""
    return state_of(
        *(
            one._replace(user_id=one.user_id or f"u{number:011}", **other)
            for number, one in enumerate(users)
        )
    )


def _imported(prepared: PreparedImport) -> Iterator[tuple[int, User]]:
    """Yield the line of each record that adds or changes a user, and that user."""
    assert prepared.plan.outcomes is not None
    for outcome in prepared.plan.outcomes:
        if outcome.result in (Result.ADDED, Result.CHANGED):
            assert outcome.user
            yield outcome.line, outcome.user


def _silent(prepared: PreparedImport, users: Iterable[User]) -> list[str]:
    """Return the records without a problem that import other values than those of a user.

    Fields without a column have their stored value, or none: the report of the file names them.
    """
    present = [
        field.index
        for field in FIELDS
        if prepared.file_report.columns.column_indexes[field.index] is not None
        and field.index != _USER_ID
    ]
    ids: dict[tuple[str, ...], set[str]] = {}
    for one in users:
        ids.setdefault(tuple(one[index] for index in present), set()).add(one.user_id)
    lines = {issue.line for issue in prepared.plan.issues}
    found = []
    for line, imported in _imported(prepared):
        if line in lines:
            continue
        expected = ids.get(tuple(imported[index] for index in present), set())
        has_id = prepared.file_report.columns.column_indexes[_USER_ID] is not None
        if expected and (not has_id or "" in expected or imported.user_id in expected):
            continue
        found.append(f"line {line}: {tuple(imported)}")
    return found


def _check(path: Path, data: bytes, users: Sequence[User]) -> list[str]:
    """Import a damaged file with all options, and return the records that are silently wrong.

    The file is imported into an empty store, and into one that holds its users: with another
    First Name if the file has User IDs, so that all its records change a user.
    """
    former = {"first_name": "Former"} if users[0].user_id else {}
    stored = _state_with(users, **former)
    found = []
    for state, options in [(stored, ImportOptions()), *((EMPTY_STATE, one) for one in _OPTIONS)]:
        try:
            prepared = _prepare(path, data, state, options)
        except UserError:
            continue
        found += [f"{state.total} users, {one}" for one in _silent(prepared, users)]
    return found


def _lost(path: Path, file: CsvFile) -> list[User]:
    """Return the users of undamaged records that are not imported into an empty store."""
    prepared = _prepare(path, file.data, EMPTY_STATE, ImportOptions())
    imported = {user._replace(user_id="") for _, user in _imported(prepared)}
    return [
        line.user
        for line in file.intact
        if line.user and line.user._replace(user_id="") not in imported
    ]


# The samples


def test_csv_file_is_the_sample_file():
    assert CsvFile(_sample_rows()).data == _SAMPLE.read_bytes()


def test_undamaged_files_are_imported_without_problems(path, users):
    for seed in range(20):
        file = any_file(Random(seed), users)  # noqa: S311 - the same file at each run
        prepared = _prepare(path, file.data, EMPTY_STATE, ImportOptions())
        assert prepared.plan.issues == []
        assert prepared.plan.counts[Result.ADDED] == len(file.users)
        assert _silent(prepared, file.users) == []


def test_silent_change_of_a_value_is_found(path, users):
    file = CsvFile(users[:30])
    file.lines[7].cells[0] += "x"
    found = _check(path, file.data, users)
    assert found
    assert {line.split(",")[1] for line in found} == {
        " line 8: ('" + file.users[6].first_name + "x'"
    }


# Shifted values

_SHIFTS = {
    "delimiter added": (add_delimiter, range(_WIDTH + 1)),
    "delimiter lost": (lose_delimiter, range(1, _WIDTH)),
    "cell deleted": (delete_cell, range(_WIDTH)),
}


@pytest.mark.parametrize("has_header", [True, False], ids=["header", "no header"])
@pytest.mark.parametrize("damage", _SHIFTS)
def test_shifted_values_of_some_or_all_records_have_problems(path, users, damage, has_header):
    shift, places = _SHIFTS[damage]
    for place in places:
        chance = Random(place)  # noqa: S311 - the same records at each run
        for count in (10, 60):
            file = CsvFile(chance.sample(users, 60), has_header=has_header)
            for line in chance.sample(file.intact, count):
                shift(line, place)
                line.user = None
            assert (place, _check(path, file.data, file.users)) == (place, [])
            assert _lost(path, file) == []


# Incomplete files

_FIRST = [user("cy", extension="0501"), user("dora", extension="0502")]
_LAST = {
    "quoted cell": user("bo", department='Claims, "Motor"'),
    "no value in the last column": user(
        "bo", dual_endpoints_enabled="0", private_extensions="", secondary_phone_ip=""
    ),
    "letters beyond ASCII": user("zoë", location="Łódź", department="営業部"),
    "lists": user("bo", additional_extensions="0413,0414", private_extensions="0415,0416,0417"),
}


def _columns_ending_with(key: str) -> list[Field]:
    return sorted(FIELDS, key=lambda field: field.key == key)


@pytest.mark.parametrize(
    ("last", "form"),
    [
        *((last, {}) for last in _LAST),
        *(("lists", {"line_end": "\n"}), ("lists", {"has_header": False})),
        ("lists", {"columns": _columns_ending_with("private_extensions")}),
        ("quoted cell", {"columns": _columns_ending_with("department")}),
        ("quoted cell", {"quotes_all": True}),
        ("letters beyond ASCII", {"encoding": "utf-16-le"}),
        ("letters beyond ASCII", {"encoding": "utf-16-le", "line_end": "\n"}),
    ],
)
def test_file_cut_in_its_last_record_has_a_problem_there(path, last, form):
    file = CsvFile([*_FIRST, _LAST[last]], **form)
    data, length = file.data, len(file.lines[-1].content)
    assert _prepare(path, data, EMPTY_STATE, ImportOptions()).plan.issues == []
    for size in range(len(data) - length + 1, len(data)):
        assert (size, _check(path, data[:size], file.users)) == (size, [])


# Single files

_ANNA, _BO, _ZOE = (
    user("anna", user_id="", extension="0501"),
    user("bo", user_id="", extension="0502"),
    user("zoë", user_id="", extension="0503", last_name="Müller", location="Zürich"),
)
_LOCATION_LAST = _columns_ending_with("location")
_NAMES_EXCHANGED = [FIELDS[1], FIELDS[0], *FIELDS[2:]]
_SAO_PAULO = _BO._replace(location="São Paulo")
_JOSE_MARIA = _BO._replace(first_name="José María")
_QUOTED = _BO._replace(department='Project "North Star"')

_FILES: dict[str, tuple[bytes, list[User]]] = {
    "line broken in its last cell": (
        CsvFile([_ANNA, _SAO_PAULO], _LOCATION_LAST).data.replace(b" Paulo", b"\r\nPaulo"),
        [_ANNA, _SAO_PAULO],
    ),
    "line broken in its first cell": (
        CsvFile([_ANNA, _JOSE_MARIA]).data.replace(" María".encode(), "\r\nMaría".encode()),
        [_ANNA, _JOSE_MARIA],
    ),
    "other columns behind a second header": (
        CsvFile([_ANNA]).data + CsvFile([_BO, _ZOE], _NAMES_EXCHANGED).data,
        [_ANNA, _BO, _ZOE],
    ),
    "other columns than those of a later header": (
        CsvFile([_ANNA], has_header=False).data + CsvFile([_BO, _ZOE], _NAMES_EXCHANGED).data,
        [_ANNA, _BO, _ZOE],
    ),
    "quote in a User ID": (
        CsvFile([_BO._replace(user_id="u22")], quotes_all=True).data.replace(b'"u22', b"u22"),
        [_BO._replace(user_id="u22")],
    ),
    "blank before a quoted cell": (
        CsvFile([_ANNA, _QUOTED]).data.replace(b',"Project', b', "Project'),
        [_ANNA, _QUOTED],
    ),
    "byte order mark before a quoted cell": (
        CsvFile([_ANNA, _QUOTED]).data.replace(b',"Project', b',\xef\xbb\xbf"Project'),
        [_ANNA, _QUOTED],
    ),
    "record encoded twice": (
        CsvFile([_ANNA, _SAO_PAULO]).data
        + CsvFile([_ZOE], has_header=False).data.decode("cp1252").encode(),
        [_ANNA, _SAO_PAULO, _ZOE],
    ),
    "UTF-16 transferred as text": (
        CsvFile(
            [_ANNA, _BO, _ZOE, user(user_id="")], encoding="utf-16-be", line_end="\n"
        ).data.replace(b"\n", b"\r\n"),
        [_ANNA, _BO, _ZOE, user(user_id="")],
    ),
}


@pytest.mark.parametrize("name", _FILES)
def test_single_damaged_file_imports_no_wrong_value_without_a_problem(path, name):
    assert _check(path, *_FILES[name]) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_symbol_instead_of_a_letter_has_a_problem(path, encoding):
    for instead in ("×", "˟", "\u20fc", "\ue0fc", "\ufffd", "Ã¼"):
        file = CsvFile([_ANNA, _ZOE], encoding=encoding)
        file.lines[2].text = file.lines[2].text.replace("Müller", f"M{instead}ller")
        assert (instead, _check(path, file.data, file.users)) == (instead, [])


@pytest.mark.parametrize(
    "name", ["Schröder", "Jäger", "Krüger", "Bjørn", "José", "García", "Jérôme", "Muñoz"]
)
def test_name_in_the_encoding_of_a_console_has_a_problem(path, name):
    users = [_ANNA, _ZOE._replace(first_name="Zoe"), _BO._replace(last_name=name)]
    file = CsvFile(users, encoding="cp1252")
    file.lines[3].encoding = "cp850"
    assert _check(path, file.data, users) == []


# Any damage


def _damaged_file(seed: int, users: Sequence[User]) -> tuple[str, bytes, Sequence[User]]:
    """Return what was done to a file, the file, and its users before that."""
    chance = Random(seed)  # noqa: S311 - the same file at each run
    file = any_file(chance, users)
    form = f"{file.encoding}, {file.delimiter!r}, {file.line_end!r}"
    if chance.random() < 0.4:
        name = chance.choice(list(FILE_DAMAGE))
        return f"{name} ({form})", FILE_DAMAGE[name](chance, file), file.users
    names = chance.sample(list(RECORD_DAMAGE), chance.randint(1, 3))
    # line ends last: they are not flipped before a line that is damaged
    for name in sorted(names, key="line end flipped".__eq__):
        damage_records(chance, file, name, file.intact)
    return f"{', '.join(names)} ({form})", file.data, file.users


def _check_seed(path: Path, users: Sequence[User], seed: int) -> None:
    damage, data, before = _damaged_file(seed, users)
    found = _check(path, data, before)
    assert not found, f"{damage}: {len(found)} records, {found[0]}"


@pytest.mark.parametrize("start", range(0, 60, 15))
def test_damaged_file_imports_no_wrong_value_without_a_problem(path, users, start):
    for seed in range(start, start + 15):
        _check_seed(path, users, seed)


_SPREADING = {"line end flipped", "mark inserted", "encoded otherwise"}
"""Damage that joins two lines, or changes the encoding that is detected."""


@pytest.mark.parametrize("damage", sorted(RECORD_DAMAGE.keys() - _SPREADING))
def test_records_beside_a_damaged_one_are_imported(path, users, damage):
    for seed in range(5):
        chance = Random(seed)  # noqa: S311 - the same file at each run
        file = any_file(chance, users)
        # the first one may be taken for a header
        damage_records(chance, file, damage, file.intact[1:], limit=1)
        assert (seed, _lost(path, file)) == (seed, [])


@pytest.mark.long
@pytest.mark.parametrize("start", range(1000, 11_000, 500))
def test_many_damaged_files_import_no_wrong_value_without_a_problem(path, users, start):
    for seed in range(start, start + 500):
        _check_seed(path, users, seed)
