"""The admin's own views, and the one that was shown last, kept from one session to the next.

They are this admin's alone, who may have several sessions at once. A file that is broken, and in
it whatever is no view, is passed over and never an error.
"""

import fcntl
import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from qm_tui.directory import NotDurable
from qm_tui.files import make_private_folder, read_small, replacing
from qm_tui.paths import settings_folder
from qm_tui.users.query.columns import COLUMN, Layout, Placed
from qm_tui.users.query.filter_parser import LONGEST
from qm_tui.users.query.views import BUILT_IN, MAX_NAME, SavedView, SortKey

_LAST: Final = "last"
_SAVED: Final = "views"
_NAME, _FILTER, _SORT, _COLUMNS, _FROZEN = "name", "filter", "sort", "columns", "frozen"
_DESCENDING: Final = "-"


@dataclass(frozen=True, slots=True)
class RememberedViews:
    """What is kept.

    Attributes:
        saved: the admin's own views, in the order in which they were first saved.
        last: the view that was shown last; None before there was one.
    """

    saved: tuple[SavedView, ...] = ()
    last: SavedView | None = None


def views_path() -> Path:
    """Where the views are kept."""
    return settings_folder() / "views.toml"


def is_same_name(one: str, other: str) -> bool:
    """Whether two names mean one view: upper and lower case make no difference."""
    return _key(one) == _key(other)


def built_in_name(name: str) -> str:
    """The name of the built-in view that a name means; empty where it means none."""
    return next((one.name for one in BUILT_IN if is_same_name(one.name, name)), "")


def _key(name: str) -> str:
    return name.casefold()


def remembered_views() -> RememberedViews:
    """What is kept; nothing where the file cannot be read."""
    try:
        said = tomllib.loads(read_small(views_path()).decode())
    except (OSError, ValueError, RecursionError):
        return RememberedViews()
    tables = said.get(_SAVED)
    saved: dict[str, SavedView] = {}
    for view in map(_view_of, tables if isinstance(tables, list) else ()):
        if view is not None and not built_in_name(view.name):
            saved.setdefault(_key(view.name), view)
    return RememberedViews(tuple(saved.values()), _view_of(said.get(_LAST)))


def remember_views(
    *, last: SavedView | None = None, saved: SavedView | None = None, deleted: str = ""
) -> bool:
    """Keep what changed; what other sessions saved meanwhile stays.

    Args:
        last: the view that is shown; None leaves the one that was kept.
        saved: an own view, in place of the one of that name if there is one. Its name has 1 to
            `MAX_NAME` characters, begins and ends without a blank, and is not that of a built-in.
        deleted: the name of an own view that is no longer wanted.

    Returns:
        Whether it is kept. If not, the file cannot be written, or the view cannot be said in it.
    """
    path = views_path()
    try:
        make_private_folder(path.parent)
        with _locked(path.parent):
            before = remembered_views()
            after = _changed(before, last, saved, deleted)
            if after != before:
                _write(path, after)
    except (OSError, UnicodeEncodeError):
        return False
    return True


def _changed(
    before: RememberedViews, last: SavedView | None, saved: SavedView | None, deleted: str
) -> RememberedViews:
    views = {_key(one.name): one for one in before.saved}
    views.pop(_key(deleted), None)
    if saved is not None:
        views[_key(saved.name)] = saved
    return RememberedViews(tuple(views.values()), last or before.last)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let other sessions of this admin wait with their changes."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(path: Path, views: RememberedViews) -> None:
    # imported here: most commands remember nothing
    import tomli_w  # noqa: PLC0415

    said: dict[str, Any] = {_SAVED: [_table_of(one) for one in views.saved]}
    if views.last is not None:
        said[_LAST] = _table_of(views.last)
    with suppress(NotDurable), replacing(path) as file:
        file.write(tomli_w.dumps(said).encode())


# A view as the file has it: name = "Sales", filter = "department:sales",
# sort = ["extension", "-last_name"], columns = ["extension 6", "last_name 10"], frozen = 1


def _table_of(view: SavedView) -> dict[str, Any]:
    sort = [f"{_DESCENDING if key.descending else ''}{key.column}" for key in view.sort]
    table: dict[str, Any] = {_NAME: view.name, _FILTER: view.filter, _SORT: sort}
    if view.layout is not None:
        table[_COLUMNS] = [f"{one.key} {one.width}" for one in view.layout.columns]
        table[_FROZEN] = view.layout.frozen
    return table


def _view_of(table: object) -> SavedView | None:
    """The view that a table of the file says; None where it is none."""
    if not isinstance(table, dict):
        return None
    name, text = table.get(_NAME), table.get(_FILTER, "")
    if not isinstance(name, str) or not isinstance(text, str):
        return None
    if not 0 < len(name) <= MAX_NAME or name != name.strip() or len(text) > LONGEST:
        return None
    try:
        sort = _sort_of(_texts(table.get(_SORT, [])))
        layout = _layout_of(table) if _COLUMNS in table else None
    except ValueError:
        return None
    return SavedView(name, text, sort, layout)


def _texts(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(value)
    return value


def _sort_of(texts: list[str]) -> tuple[SortKey, ...]:
    keys = [SortKey(one.removeprefix(_DESCENDING), one.startswith(_DESCENDING)) for one in texts]
    columns = {one.column for one in keys}
    if len(columns) < len(keys) or not COLUMN.keys() >= columns:
        raise ValueError(texts)
    return tuple(keys)


def _layout_of(table: dict[str, Any]) -> Layout:
    frozen = table.get(_FROZEN, 0)
    if type(frozen) is not int:
        raise ValueError(frozen)
    placed = []
    for text in _texts(table[_COLUMNS]):
        key, _, width = text.rpartition(" ")
        placed.append(Placed(key, int(width)))
    return Layout(tuple(placed), frozen)
