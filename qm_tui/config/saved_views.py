"""The saved views of an admin, and the last-used view.

An admin may run several sessions at the same time. An invalid file is ignored, and so is every
invalid view in it.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from qm_tui.directory import DirectorySyncError
from qm_tui.files import atomic_write, create_private_folder
from qm_tui.paths import settings_folder
from qm_tui.toml_files import InvalidTomlFile, read_toml
from qm_tui.users.query.columns import COLUMN, ColumnPlacement, Layout
from qm_tui.users.query.filter_parser import MAX_FILTER_LENGTH
from qm_tui.users.query.views import BUILT_IN, MAX_NAME, SavedView, SortKey

MAX_SIZE: Final = 512 * 1024
"""The maximum size of the file, in bytes."""

_LAST: Final = "last"
_SAVED: Final = "views"
_NAME, _FILTER, _SORT, _COLUMNS, _FROZEN = "name", "filter", "sort", "columns", "frozen"
_DESCENDING: Final = "-"


@dataclass(frozen=True, slots=True)
class SavedViews:
    """The content of the file.

    Attributes:
        saved: the saved views, in the order in which they were first saved.
        last: the last-used view, if there is one.
    """

    saved: tuple[SavedView, ...] = ()
    last: SavedView | None = None


def views_path() -> Path:
    """Return the path of the saved views."""
    return settings_folder() / "views.toml"


def is_same_name(name: str, other: str) -> bool:
    """Whether two names are the same, regardless of case."""
    return _key(name) == _key(other)


def built_in_name(name: str) -> str:
    """Return the name of the built-in view with this name; empty if there is none."""
    return next((view.name for view in BUILT_IN if is_same_name(view.name, name)), "")


def _key(name: str) -> str:
    return name.casefold()


def load_views() -> SavedViews:
    """Return the content of the file; empty if it cannot be read."""
    try:
        content = read_toml(views_path(), MAX_SIZE)
    except (OSError, InvalidTomlFile):
        return SavedViews()
    tables = content.get(_SAVED)
    saved: dict[str, SavedView] = {}
    for view in map(_view_of, tables if isinstance(tables, list) else ()):
        if view is not None and not built_in_name(view.name):
            saved.setdefault(_key(view.name), view)
    return SavedViews(tuple(saved.values()), _view_of(content.get(_LAST)))


def save_views(
    *, last: SavedView | None = None, saved: SavedView | None = None, deleted: str = ""
) -> bool:
    """Save changes, and keep those of other sessions.

    Args:
        last: the last-used view; None keeps the saved one.
        saved: a view to add or to replace. Its name has 1 to `MAX_NAME` characters, does not start
            or end with a space, and is not the name of a built-in view.
        deleted: the name of a view to delete.

    Returns:
        Whether the changes are saved. If not, the file cannot be written or would be too large,
        or a text of the view cannot be encoded.
    """
    path = views_path()
    try:
        create_private_folder(path.parent)
        with _locked(path.parent):
            before = load_views()
            after = _changed(before, last, saved, deleted)
            if after != before:
                _write(path, after)
    except (OSError, UnicodeEncodeError):
        return False
    return True


def _changed(
    before: SavedViews, last: SavedView | None, saved: SavedView | None, deleted: str
) -> SavedViews:
    views = {_key(view.name): view for view in before.saved}
    views.pop(_key(deleted), None)
    if saved is not None:
        views[_key(saved.name)] = saved
    return SavedViews(tuple(views.values()), last or before.last)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock the saved views against other sessions of this admin."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # the file system does not support locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(path: Path, views: SavedViews) -> None:
    # imported here: most commands do not save views
    import tomli_w  # noqa: PLC0415

    content: dict[str, Any] = {_SAVED: [_table_of(view) for view in views.saved]}
    if views.last is not None:
        content[_LAST] = _table_of(views.last)
    text = tomli_w.dumps(content).encode()
    if len(text) > MAX_SIZE:
        raise OSError(errno.EFBIG, "Too many views", str(path))
    with suppress(DirectorySyncError), atomic_write(path) as file:
        file.write(text)


# A view in the file: name = "Sales", filter = "department:sales",
# sort = ["extension", "-last_name"], columns = ["extension 6", "last_name 10"], frozen = 1


def _table_of(view: SavedView) -> dict[str, Any]:
    sort = [f"{_DESCENDING if key.descending else ''}{key.column}" for key in view.sort]
    table: dict[str, Any] = {_NAME: view.name, _FILTER: view.filter, _SORT: sort}
    if view.layout is not None:
        table[_COLUMNS] = [f"{column.key} {column.width}" for column in view.layout.columns]
        table[_FROZEN] = view.layout.frozen
    return table


def _view_of(table: object) -> SavedView | None:
    """Return the view in a table of the file; None if it is invalid."""
    if not isinstance(table, dict):
        return None
    name, text = table.get(_NAME), table.get(_FILTER, "")
    if not isinstance(name, str) or not isinstance(text, str):
        return None
    if not 0 < len(name) <= MAX_NAME or name != name.strip() or len(text) > MAX_FILTER_LENGTH:
        return None
    try:
        sort = _sort_of(_texts(table.get(_SORT, [])))
        layout = _layout_of(table) if _COLUMNS in table else None
    except ValueError:
        return None
    return SavedView(name, text, sort, layout)


def _texts(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ValueError(value)
    return value


def _sort_of(texts: list[str]) -> tuple[SortKey, ...]:
    keys = [SortKey(text.removeprefix(_DESCENDING), text.startswith(_DESCENDING)) for text in texts]
    columns = {key.column for key in keys}
    if len(columns) < len(keys) or not COLUMN.keys() >= columns:
        raise ValueError(texts)
    return tuple(keys)


def _layout_of(table: dict[str, Any]) -> Layout:
    frozen = table.get(_FROZEN, 0)
    if type(frozen) is not int:
        raise ValueError(frozen)
    columns = []
    for text in _texts(table[_COLUMNS]):
        key, _, width = text.rpartition(" ")
        columns.append(ColumnPlacement(key, int(width)))
    return Layout(tuple(columns), frozen)
