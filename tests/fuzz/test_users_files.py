"""Any bytes as a users file, with any options: an error or a report that counts all records."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qm_tui.errors import UserError
from qm_tui.store import open_store
from qm_tui.store.interface import UserStore
from qm_tui.transfer.importing import ImportRequest, import_users, prepare_import
from qm_tui.transfer.options.import_options import IMPORT_OPTIONS, ImportOptions
from qm_tui.transfer.planning.plan import Result
from qm_tui.transfer.planning.planner import PlanDetail
from qm_tui.transfer.reading.read_options import (
    ENCODINGS,
    ColumnMapping,
    ReadOptions,
    parse_delimiter,
    parse_encoding,
)
from qm_tui.transfer.rejected.save import rejection_reasons, save_rejected
from qm_tui.users.fields import FIELD
from tests.fuzz.tries import mutated
from tests.helpers import ANNA, HEADER, commit, csv_text, user
from tests.transfer.slow_count import slow_count

SAMPLES = Path(__file__).parents[2] / "sample_data"

# Contents of files

_NEW = [user(name, user_id="") for name in ("bo", "cy", "dora")]
_REAL = [
    csv_text([HEADER, ANNA, *_NEW]).encode(),
    csv_text([HEADER, *_NEW], ";", "\n").encode("cp1252"),
    csv_text([HEADER, ANNA._replace(location="Zürich\nSüd"), *_NEW]).encode("utf-16"),
    ("sep=|\r\n" + csv_text([HEADER, *_NEW], "|")).encode("utf-8-sig"),
    csv_text([HEADER, *_NEW], "\t", "\r").encode("utf-16-be"),
    csv_text([ANNA, *_NEW]).encode(),
    *(
        b"\n".join((SAMPLES / name).read_bytes().splitlines()[:6])
        for name in ("users.csv", "users-excel-de.csv", "users-with-errors.csv")
    ),
]
_fragment = st.one_of(
    st.binary(max_size=8),
    st.text(max_size=6).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(
        [
            *(b",", b";", b"\t", b"|", b'"', b'""', b'","', b'x","y', b'a",b",",', b'"x"y'),
            *(b"\r\n", b"\n", b"\r", b"\n\n", b"=", b'="', b"'=", b" ", b"\xa0", b"\0", b"\x81"),
            *(b",,,,\r\n", b'"",""\n', b'" ",\n', b"sep=;\r\n", b"First Name,User ID\r\n"),
            *(b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", "é€".encode(), b"x" * 5000, b'"' * 5000),
            *(csv_text([one]).encode() for one in _NEW),
        ]
    ),
)
_soup = st.lists(_fragment, max_size=14).map(b"".join)
_data = st.binary(max_size=300) | _soup | mutated(_REAL, _fragment)

# Options

_mappings = st.none() | st.dictionaries(
    st.sampled_from([*HEADER, "a", "x", "Vorname"]),
    st.none() | st.sampled_from(list(FIELD.values())),
    max_size=3,
).map(lambda columns: ColumnMapping("mine", columns))
_read_as = st.just(ReadOptions()) | st.builds(
    ReadOptions,
    st.just("") | st.sampled_from(sorted(ENCODINGS)).map(parse_encoding),
    st.just("") | st.sampled_from([",", ";", "tab", "|", ":", "!", "=", "#"]).map(parse_delimiter),
    st.none() | st.booleans(),
    _mappings,
)


@st.composite
def _choices(draw: st.DrawFn) -> ImportOptions:
    choices = ImportOptions()
    for choice in IMPORT_OPTIONS:
        choices = choice.with_value(choices, draw(st.sampled_from(choice.values)).value)
    return choices


@pytest.fixture(scope="module")
def kept_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a store with a user."""
    folder = tmp_path_factory.mktemp("store")
    commit(folder / "users.json", ANNA)
    return folder


@pytest.fixture(scope="module")
def store(kept_in: Path) -> UserStore:
    store = open_store(kept_in / "users.json")
    store.load()
    return store


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


def _contents(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.iterdir()}


@given(_data, _read_as, _choices())
@example(b'"sep=;\r\na;b\r\nc;d', ReadOptions(), ImportOptions())
@example(b"", ReadOptions(header=True), ImportOptions())
def test_dry_run_changes_nothing(store, kept_in, folder, data, read_as, choices):
    path = folder / "users.csv"
    path.write_bytes(data)
    before, state = _contents(kept_in), store.state
    refused, report = None, None
    try:
        report = import_users(ImportRequest(path, choices, read_as), store, dry_run=True)
    except UserError as refusal:
        refused = str(refusal)
    assert _contents(kept_in) == before
    assert store.state.version == state.version
    if report is None:
        assert refused
        assert refused.isprintable()
        assert refused.endswith(".")
        return
    plan, findings = report.plan, report.file_report
    assert not report.committed
    assert set(plan.counts) == set(Result)
    assert min(plan.counts.values()) >= 0
    blank, starts = slow_count(data, findings.dialect, findings.columns)
    assert sum(plan.counts.values()) == plan.records == len(starts)
    assert findings.blank == blank
    assert all(sentence.isprintable() for sentence in findings.messages)


@given(_data, _read_as)
def test_preview_counts_and_rejected_records_can_be_saved(store, folder, data, read_as):
    path = folder / "users.csv"
    path.write_bytes(data)
    try:
        prepared = prepare_import(
            ImportRequest(path, read_options=read_as), store.state, detail=PlanDetail.RECORDS
        )
    except UserError:
        return
    plan, findings = prepared.plan, prepared.file_report
    _, starts = slow_count(data, findings.dialect, findings.columns)
    assert plan.outcomes is not None
    assert [one.line for one in plan.outcomes] == starts
    rejected = [one for one in plan.outcomes if one.result is Result.REJECTED]
    assert len(rejected) == plan.rejected
    assert {one.record for one in plan.issues} >= {one.number for one in rejected}
    if not rejected:
        return
    problems = rejection_reasons(plan)
    saved = save_rejected(path, read_as, problems, folder / "new.csv", overwrite=True)
    assert saved.records + saved.lines == plan.rejected
    assert all(sentence.isprintable() for sentence in saved.messages)
