"""Round trips: an export is read back unchanged, and any bytes are read safely."""

import csv
import io
import string
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qm_tui.progress import in_chunks
from qm_tui.text import trim
from qm_tui.transfer.exporting import export
from qm_tui.transfer.options.export_options import DEFAULT_EXPORT_OPTIONS, Delimiter, ExportOptions
from qm_tui.transfer.planning.planner import plan_import
from qm_tui.transfer.reading.read_options import ReadOptions
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.transfer.reading.records import Record
from qm_tui.transfer.reading.spreadsheet import is_formula
from qm_tui.users.fields import FIELD, FIELDS, MAX_VALUE, Kind, User
from qm_tui.users.identity import normalize_user_name
from qm_tui.users.issues import Severity
from qm_tui.users.validation import format_character_issue, validate_user
from tests.helpers import EMPTY_STATE, counts, state_of, user

_HOSTILE = [
    *('="x"', '="', '=""', '=""x""', '="a""b"', '="0123"', "=1+1", '"', '""', '"a', 'a"', "'x"),
    *(",", ",,", ";", "|", "a,b", 'a","b', "sep=;", "0123", "+44", "1E+05", "@x", "-", "\\"),
    *("First Name", "Phone IP", "User ID", "\ufeff", "\u2028", "\u200b", "\ufffd", "é", "e\u0301"),
    *("%PDF", "GIF8", "'=x", "''-", "'+47", "'", "+47*2", '=A1&","', "1-2", "0413,0414", "true"),
    *("\U0001f600", "Ã¼", "ß", "İ", "x" * MAX_VALUE, '"' * MAX_VALUE),
]

_characters = st.one_of(
    st.characters(exclude_categories=("Cs", "Cc")), st.sampled_from("\"=,;|'\\ +-@0\xa0éÃ€")
)
_secret = st.text(_characters, max_size=8) | st.sampled_from([*_HOSTILE, " x ", "\xa0", ' ="x" '])
_text = (st.text(_characters, max_size=8) | st.sampled_from(_HOSTILE)).map(trim)
_exact_text = _text.filter(lambda text: not format_character_issue(FIELD["extension"], text))
_address = st.one_of(
    st.ip_addresses().map(str),
    st.binary(min_size=6, max_size=6).map(lambda octets: octets.hex(":")),
    st.binary(min_size=6, max_size=6).map(lambda octets: octets.hex("-").upper()),
    st.binary(min_size=6, max_size=6).map(bytes.hex),
)
_word = st.text(string.ascii_letters + string.digits, min_size=1, max_size=6)
_login_part = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Z"), exclude_characters="\\"),
    min_size=1,
    max_size=6,
).filter(lambda text: not format_character_issue(FIELD["windows_login"], text))

_OWN = {
    "extension": _exact_text,
    "user_name": _exact_text,
    "recording_service": st.just("Any") | st.ip_addresses().map(str) | _word.map("node-{}".format),
    "windows_login": st.just("") | st.tuples(_login_part, _login_part).map("\\".join),
    "sip_uri": st.just("") | st.tuples(_word, _word).map(lambda two: f"sip:{two[0]}@{two[1]}.com"),
    "on_demand_license": st.just(""),
}
_BY_KIND = {
    Kind.TEXT: _text,
    Kind.LIST: _exact_text,
    Kind.ID: _text,
    Kind.SECRET: _secret,
    Kind.FLAG: st.sampled_from("01"),
    Kind.IP: st.just("") | _address,
}


@st.composite
def _legal_user(draw: st.DrawFn) -> User:
    values = []
    for field in FIELDS:
        values.append(draw(_OWN.get(field.key, _BY_KIND[field.kind])))
        if field.required and not values[-1]:
            values[-1] = "x"
    made = User(*values)
    return made._replace(
        on_demand_license="10"[int(made.unlimited_license)], user_id=made.user_id or "u"
    )


_legal_users = st.lists(
    _legal_user(),
    max_size=4,
    unique_by=(lambda user: user.user_id, lambda user: normalize_user_name(user.user_name)),
)
_stored_users = st.lists(
    _legal_user(),
    min_size=1,
    max_size=4,
    unique_by=(lambda user: user.user_id, lambda user: user.user_name),
)
"""Users of a store that an earlier version wrote, which compared User Names by another rule."""


_choices = st.builds(
    ExportOptions,
    *[st.booleans()] * 4,
    st.sampled_from(Delimiter),
    st.booleans(),
)


def export_users(
    users: list[User], path: Path, choices: ExportOptions = DEFAULT_EXPORT_OPTIONS
) -> Path:
    """Export users, and ignore the result."""
    written = export.export_users(in_chunks(users), len(users), path, options=choices).path
    assert written is not None
    return written


def _read_as_written(path: Path, choices: ExportOptions) -> list[Record]:
    """Return the records of an export, read with the options it was written with."""
    encoding = "utf-8-sig" if choices.for_excel else "utf-8"
    with UsersFile(
        path, ReadOptions(encoding, choices.effective_delimiter, choices.header)
    ) as file:
        return list(file.records())


def _promised(user: User, choices: ExportOptions) -> list[str | None]:
    """Return the expected values: omitted ones are absent, or empty without a header."""
    instead = None if choices.header else ""
    keys = [field.key for field in choices.omitted_fields]
    return [instead if key in keys else value for key, value in user._asdict().items()]


@given(_stored_users, _choices)
def test_export_with_any_options_is_imported_unchanged(users, choices):
    with tempfile.TemporaryDirectory() as folder:
        path = export_users(users, Path(folder) / "users.csv", choices)
        records = _read_as_written(path, choices)
    assert [record.values for record in records] == [_promised(user, choices) for user in users]
    issues = [issue for record in records for issue in record.issues]
    assert {issue.severity for issue in issues} <= {Severity.WARNING}
    plan = plan_import(records, state_of(*users))
    assert counts(plan) == (0, 0, len(users), 0)
    assert not plan.changes


@given(_legal_users.filter(bool), _choices)
def test_export_and_import_into_an_empty_store_exports_the_same_file(users, choices):
    assert [validate_user(user) for user in users] == [[]] * len(users)
    choices = replace(choices, passwords=True, ids=True)
    with tempfile.TemporaryDirectory() as folder:
        first = export_users(users, Path(folder) / "first.csv", choices)
        records = _read_as_written(first, choices)
        assert plan_import(records, state_of(*users)).issues == []
        plan = plan_import(records, EMPTY_STATE)
        assert counts(plan) == (len(users), 0, 0, 0)
        second = export_users(list(plan.changes.values()), Path(folder) / "second.csv", choices)
        assert second.read_bytes() == first.read_bytes()


@given(_legal_users.filter(bool), _choices)
def test_guarded_formulas_contain_no_formula_except_as_text(users, choices):
    choices = replace(choices, guard_formulas=True)
    with tempfile.TemporaryDirectory() as folder:
        path = export_users(users, Path(folder) / "users.csv", choices)
        text = path.read_bytes().decode("utf-8-sig" if choices.for_excel else "utf-8")
    rows = list(csv.reader(io.StringIO(text, ""), delimiter=choices.effective_delimiter))
    assert len(rows) == len(users) + choices.header
    cells = [cell for row in rows for cell in row if is_formula(cell)]
    assert [cell for cell in cells if not _is_text_formula(cell)] == []


def _is_text_formula(cell: str) -> bool:
    return cell.startswith('="') and '"' not in cell[2:-1].replace('""', "") and cell[-1] == '"'


@pytest.mark.parametrize("guard", [False, True])
@pytest.mark.parametrize("for_excel", [False, True])
def test_guarded_cells_among_clean_records_are_read_in_bulk_and_one_by_one(
    tmp_path, guard, for_excel
):
    values = ["O'Brien", "'t Hooft", "=1", "'=1", "''-x", "d'Arcy,'=x", '\'="a"', "+47", "'+47"]
    names = [*values, *["Berg"] * 88] * 25
    users = [user(f"u{at}", last_name=name) for at, name in enumerate(names)]
    choices = ExportOptions(header=guard, for_excel=for_excel, guard_formulas=guard)
    path = export_users(users, tmp_path / "users.csv", choices)
    assert [record.values for record in _read_as_written(path, choices)] == [
        list(user) for user in users
    ]


@pytest.mark.parametrize(
    "choices",
    [ExportOptions(), ExportOptions(guard_formulas=True), ExportOptions(for_excel=True)],
    ids=lambda choices: choices.summary,
)
def test_longest_values_survive_the_round_trip(tmp_path, choices):
    texts = [field.key for field in FIELDS if field.kind in (Kind.TEXT, Kind.SECRET, Kind.LIST)]
    own = {"recording_service", "windows_login", "sip_uri"}
    size = MAX_VALUE - 3
    users = [
        user(location="'=" + "x" * size, password="=" * MAX_VALUE),
        user("bo", **{key: '"' * MAX_VALUE for key in texts if key not in own}),
    ]
    if not choices.for_excel and not choices.guard_formulas:
        wrapped = '="' + "x" * size + '"'
        users.append(user("cy", location=wrapped, password=wrapped))
    path = export_users(users, tmp_path / "users.csv", choices)
    assert [record.values for record in _read_as_written(path, choices)] == [
        list(one) for one in users
    ]
