"""Any bytes as the personal files of an admin: settings, saved options, views, mappings."""

import tomllib

import pytest
import tomli_w
from hypothesis import example, given
from hypothesis import strategies as st

from qm_tui.config.preferences import (
    Preferences,
    Theme,
    load_preferences,
    preferences_path,
    save_preferences,
)
from qm_tui.config.saved_views import SavedViews, load_views, save_views, views_path
from qm_tui.config.settings import Settings, load_settings, settings_path
from qm_tui.errors import UserError
from qm_tui.text import sanitize
from qm_tui.transfer.mapping.mapping_file import read_mapping
from qm_tui.transfer.mapping.saved_mappings import find_mapping, save_mapping
from qm_tui.transfer.reading.read_options import ColumnMapping
from qm_tui.users.fields import FIELD
from qm_tui.users.query.views import MAX_NAME, SavedView
from tests.fuzz.tries import mutated
from tests.helpers import HEADER

_SETTINGS = b"[store]\nlock_wait_seconds = 2.5\nhistory_days = 30\nhistory_megabytes = 64\n"
_CHOICES = (
    b'theme = "light"\n[import]\nexisting = "skip"\n[export]\nsecrets = false\ndelimiter = ";"\n'
)
_VIEWS = (
    b'[last]\nname = "Mine"\nfilter = "active:no"\nsort = ["-last_name", "extension"]\n'
    b'columns = ["first_name:12", "location"]\nfrozen = 1\n'
    b'[[views]]\nname = "Oslo"\nfilter = "location:oslo"\n'
)
_MAPPING = (
    b'name = "HR"\nheader = ["Vorname", "Nachname", "Bemerkung"]\n[columns]\n"Vorname" = '
    b'"First Name"\n"Nachname" = "Last Name"\n"Bemerkung" = ""\n'
)
_REAL = [_SETTINGS, _CHOICES, _VIEWS, _MAPPING, b""]

_keys = st.sampled_from(
    [
        *("store", "lock_wait_seconds", "history_days", "history_megabytes", "theme", "import"),
        *("export", "last", "views", "name", "filter", "sort", "columns", "frozen", "header"),
        *("Vorname", "First Name", "existing", "secrets", "delimiter"),
    ]
) | st.text(st.characters(codec="utf-8"), max_size=5)
_scalars = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(st.characters(codec="utf-8"), max_size=12),
    st.dates(),
    st.datetimes(),
    st.sampled_from(["dark", "light", "First Name", "-last_name", "first_name:99999", "a" * 2000]),
)
_values = st.recursive(
    _scalars,
    lambda one: st.lists(one, max_size=3) | st.dictionaries(_keys, one, max_size=4),
    max_leaves=12,
)
_shaped = st.dictionaries(_keys, _values, max_size=4).map(lambda said: tomli_w.dumps(said).encode())
_fragment = st.one_of(
    st.binary(max_size=6),
    st.text(max_size=5).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(
        [
            *(b"[store]\n", b"[[views]]\n", b"= ", b'"', b"'''", b'"""', b"#", b"\n", b"\r", b"\0"),
            *(b"nan", b"-inf", b"1e999", b"9" * 400, b"0x" + b"f" * 400, b"true", b"1979-05-27"),
            *(
                b"[" * 3000,
                b"a." * 3000,
                b"{a=" * 3000,
                b"\\u0000",
                b"\\ud800",
                b"\x1b]52;",
                b"\xff",
            ),
        ]
    ),
)
_files = st.binary(max_size=200) | _shaped | mutated(_REAL, _fragment)


@pytest.fixture(autouse=True)
def _folder(home):
    settings_path().parent.mkdir(parents=True)


@given(_files)
@example(b"[" * 100_000)
@example(b"store.a = " + b"[" * 60_000)
@example(b"a" + b".a" * 30_000 + b" = 1")
@example(b"[store]\nhistory_days = 0x" + b"f" * 5000)
@example(b"[store]\nhistory_days = nan\n")
def test_settings_are_read_completely_or_rejected(data):
    settings_path().write_bytes(data)
    try:
        chosen = load_settings()
    except UserError as refusal:
        sentence = str(refusal)
        assert sentence == sanitize(sentence)
        assert str(settings_path()) in sentence
        assert sentence.endswith(".")
        return
    assert isinstance(chosen.history_bytes, int)
    assert 0 <= chosen.lock_wait_seconds <= 3600
    said = tomllib.loads(data.decode("utf-8-sig")).get("store", {})
    for name, value in said.items():
        assert getattr(chosen, name) == value
    if not said:
        assert chosen == Settings()


@given(_files)
@example(b"theme = []")
@example(b"theme = {}")
def test_invalid_saved_options_are_ignored_and_replaced(data):
    preferences_path().write_bytes(data)
    before = load_preferences()
    assert isinstance(before, Preferences)
    save_preferences(theme=Theme.LIGHT)
    assert load_preferences() == Preferences(
        before.import_options, before.export_options, Theme.LIGHT
    )


@given(_files)
def test_invalid_saved_views_are_ignored_and_replaced(data):
    views_path().write_bytes(data)
    before = load_views()
    assert isinstance(before, SavedViews)
    for view in before.saved:
        assert view.name == view.name.strip()
        assert 1 <= len(view.name) <= MAX_NAME
    new = SavedView("Mine", "location:oslo")
    assert save_views(saved=new)
    after = load_views()
    assert new in after.saved
    assert {one for one in before.saved if one.name.casefold() != "mine"} <= set(after.saved)


@given(_files)
def test_mapping_is_read_completely_or_rejected(data):
    path = settings_path().parent / "mappings" / "one.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    header = ["Vorname", "Nachname", *HEADER[2:]]
    try:
        mapping = read_mapping(path)
    except UserError as refusal:
        sentence = str(refusal)
        assert sentence == sanitize(sentence)
        assert sentence.endswith(".")
        assert find_mapping(path.parent, header) is None
        return
    assert all(isinstance(column, str) for column in mapping.columns)
    find_mapping(path.parent, header)
    again = save_mapping(path.parent, "again", mapping, header)
    assert read_mapping(again) == ColumnMapping("again", mapping.columns)
    again.unlink()
    assert set(FIELD.values()) | {None} >= set(mapping.columns.values())
