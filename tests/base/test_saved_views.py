"""Saved views: private, shared by all sessions of an admin, and never an error."""

import stat
import subprocess
import sys
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qm_tui.config.saved_views import SavedViews, built_in_name, load_views, save_views, views_path
from qm_tui.users.query.columns import COLUMN, MAX_WIDTH, ColumnPlacement, Layout
from qm_tui.users.query.filter_parser import MAX_FILTER_LENGTH
from qm_tui.users.query.views import ALL_USERS, BUILT_IN, MAX_NAME, SavedView, SortKey

NARROW = Layout((ColumnPlacement("extension", 6), ColumnPlacement("last_name", 12)), 1)
SALES = SavedView(
    "Sales", 'department:="Sales EMEA"', (SortKey("last_name"), SortKey("extension", True)), NARROW
)
OSLO = SavedView("Oslo", "location:oslo")


NAME = "views.toml"


def test_views_are_loaded_in_the_order_of_their_first_save():
    assert load_views() == SavedViews((), None)
    other = SavedView("SALES", "department:sales")
    for change, views in (
        ({"saved": SALES}, (SALES,)),
        ({"saved": OSLO}, (SALES, OSLO)),
        ({"saved": other}, (other, OSLO)),
        ({"deleted": "sales"}, (OSLO,)),
        ({"deleted": "nobody's"}, (OSLO,)),
    ):
        assert save_views(**change)
        assert load_views() == SavedViews(views, None)


def test_file_is_private_toml_and_written_only_if_changed(home):
    save_views(saved=SALES, last=OSLO)
    path = home / ".config" / "qm-tui" / NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    before = path.stat().st_ino
    assert save_views(saved=SALES, last=OSLO)
    assert path.stat().st_ino == before
    assert [*path.parent.iterdir()] == [path]
    ((sales,), last) = tomllib.loads(path.read_text()).values()
    assert (sales["sort"], sales["columns"]) == (
        ["last_name", "-extension"],
        ["extension 6", "last_name 12"],
    )
    assert last == {"name": "Oslo", "filter": "location:oslo", "sort": []}


@pytest.mark.parametrize(
    "text",
    ["views = 3", "[[last]]\nname = 'x'", "a" * 100_000, b"\xff\xfe", "views = [1, 'x', []]"],
)
def test_invalid_file_is_ignored_and_replaced(write_settings, text):
    write_settings(NAME, text)
    assert load_views() == SavedViews()
    assert save_views(saved=SALES)
    assert load_views() == SavedViews((SALES,), None)


def view_text(name='"Good"', **values):
    return "\n".join(["[[views]]", f"name = {name}", *(f"{k} = {v}" for k, v in values.items())])


def test_invalid_view_is_ignored(write_settings):
    for text in (
        "[[views]]",
        *map(view_text, ('""', '" blank first"', "3", f'"{"x" * (MAX_NAME + 1)}"', '"BEFORE"')),
        view_text(f'"{BUILT_IN[0].name.upper()}"'),
        *(view_text(filter=text) for text in ("3", f'"{"x" * (MAX_FILTER_LENGTH + 1)}"')),
        view_text(sort='"extension"'),
        *(view_text(sort=f"[{keys}]") for keys in ('"nothing"', "3", '"extension","-extension"')),
        *(view_text(columns=value) for value in ('"extension 6"', "[]", "3")),
        *(
            view_text(columns=f'["{column}"]')
            for column in (
                *("nothing 6", "extension", "extension x", "extension 0"),
                *(f"extension {MAX_WIDTH + 1}", f"extension {'9' * 5000}"),
                'extension 6", "extension 7',
            )
        ),
        *(view_text(columns='["extension 6"]', frozen=value) for value in ("2", "-1", "true")),
    ):
        others = view_text('"before"'), text, view_text('"after"', color="3")
        write_settings(NAME, "\n".join(others))
        assert load_views().saved == (SavedView("before"), SavedView("after")), text


def test_last_view_may_have_any_name(write_settings):
    for text, view in {
        "name = 'All users'": ALL_USERS,
        "name = 'Mine'\nfilter = 'a'": SavedView("Mine", "a"),
        "filter = 'a'": None,
        "name = 'Mine'\nsort = ['x']": None,
    }.items():
        write_settings(NAME, f"[last]\n{text}")
        assert load_views() == SavedViews((), view)


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=MAX_NAME).filter(
    lambda name: name == name.strip() and not built_in_name(name)
)
FILTERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
KEYS = st.sampled_from(list(COLUMN))
SORTS = st.lists(st.builds(SortKey, KEYS, st.booleans()), max_size=3, unique_by=lambda one: one[0])


@st.composite
def layouts(draw):
    keys = draw(st.lists(KEYS, min_size=1, unique=True))
    placed = [ColumnPlacement(key, draw(st.integers(1, MAX_WIDTH))) for key in keys]
    return Layout(tuple(placed), draw(st.integers(0, len(keys))))


VIEWS = st.builds(SavedView, NAMES, FILTERS, SORTS.map(tuple), st.none() | layouts())


@given(st.lists(VIEWS, max_size=3, unique_by=lambda view: view.name.casefold()), VIEWS)
def test_views_round_trip(views, last):
    views_path().unlink(missing_ok=True)
    for changed in (*({"saved": view} for view in views[:1]), {"last": last}):
        assert save_views(**changed)
    for view in views[1:]:
        assert save_views(saved=view)
    assert load_views() == SavedViews(tuple(views), last)


@pytest.mark.parametrize("view", [SavedView("Half", "\ud800"), SavedView("\udfff")])
def test_view_that_cannot_be_encoded_is_not_saved(view):
    save_views(saved=SALES)
    assert not save_views(saved=view)
    assert not save_views(last=view)
    assert load_views() == SavedViews((SALES,), None)


def test_views_that_could_not_be_read_again_are_not_saved(monkeypatch):
    monkeypatch.setattr("qm_tui.config.saved_views.MAX_SIZE", 8 * 1024)
    long = [SavedView(f"View {number}", "陈" * MAX_FILTER_LENGTH) for number in range(4)]
    assert [save_views(saved=view) for view in long] == [True, True, False, False]
    assert load_views().saved == tuple(long[:2])


def test_failed_save_is_no_error_and_keeps_saved_views(monkeypatch):
    save_views(saved=SALES)

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("qm_tui.files.os.fsync", full)
        assert not save_views(saved=OSLO)
    assert load_views() == SavedViews((SALES,), None)


_SAVE_TEN = """
import sys
from qm_tui.config.saved_views import save_views
from qm_tui.users.query.views import SavedView
for number in range(10):
    assert save_views(saved=SavedView(f"{sys.argv[1]} {number}"), last=SavedView(sys.argv[1]))
"""


def test_concurrent_sessions_lose_no_views():
    sessions = [
        subprocess.Popen([sys.executable, "-c", _SAVE_TEN, name]) for name in ("one", "two", "six")
    ]
    assert [session.wait(60) for session in sessions] == [0, 0, 0]
    found = load_views()
    names = {view.name for view in found.saved}
    assert names == {f"{name} {number}" for name in ("one", "two", "six") for number in range(10)}
    assert found.last is not None
    assert found.last.name in ("one", "two", "six")
