"""Selection, order and columns of users: `--filter`, `--sort` and `--columns`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from qm_tui.errors import Refused
from qm_tui.text import listed, visible

if TYPE_CHECKING:
    from qm_tui.store.interface import UserStore
    from qm_tui.users.fields import User
    from qm_tui.users.query.columns import Column
    from qm_tui.users.query.filter_parser import FilterFault, Term
    from qm_tui.users.query.views import SortKey

FILTER_SHOWN: Final = 200
"""The maximum number of characters of a filter in a message."""

_COLUMN_SHOWN: Final = 60

FilterOption = Annotated[
    str | None,
    typer.Option(
        "--filter",
        metavar="FILTER",
        help="Only users that match, for example 'department:sales active:yes'. See "
        "docs/filters.md.",
        show_default=False,
    ),
]
SortOption = Annotated[
    str | None,
    typer.Option(
        "--sort",
        metavar="COLUMNS",
        help="Columns to sort by, for example last-name,extension. Descending order: -extension.",
        show_default=False,
    ),
]


def chosen_users(store: "UserStore", filter_text: str | None, sort: str | None) -> "list[User]":
    """Return the users that match a filter, sorted.

    Args:
        store: the store, loaded.
        filter_text: the filter; None for all users.
        sort: the columns to sort by; None for the order of the store.

    Raises:
        Refused: the filter or the columns are invalid or empty.
    """
    users = store.state.users
    if filter_text is None and sort is None:
        return list(users.values())
    from qm_tui.store.changes.activity_index import ActivityIndex
    from qm_tui.users.query.filter_parser import FilterFault
    from qm_tui.users.query.search import Finder, Query
    from qm_tui.users.query.sorting import use_own_locale

    use_own_locale()
    keys = () if sort is None else _sort_keys(sort)
    try:
        terms = () if filter_text is None else _terms(filter_text)
        user_ids = Finder(lambda: None).found(users, Query(terms, keys), ActivityIndex(store))
    except FilterFault as fault:
        raise _refused(filter_text or "", fault) from fault
    return [users[user_id] for user_id in user_ids]


def no_match(filter_text: str) -> str:
    """Return the message that no users match a filter."""
    return f"No users match --filter {visible(filter_text, FILTER_SHOWN)}."


def chosen_columns(names: str | None, usual: Sequence[str]) -> "list[Column]":
    """Return the columns with these names, or the default ones.

    Args:
        names: the names, separated by commas; None for the default.
        usual: the keys of the default columns.

    Raises:
        Refused: a column is unknown, ambiguous or cannot be shown.
    """
    from qm_tui.users.query.columns import COLUMN

    keys = usual if names is None else map(_column, _parts(names, "--columns"))
    return [COLUMN[key] for key in keys]


def _terms(text: str) -> "tuple[Term, ...]":
    """Return the terms of a filter.

    Raises:
        FilterFault: it is invalid, or uses marks.
        Refused: it is empty, for example because of an empty variable in a script. It must not
            select all users then.
    """
    from qm_tui.users.query.filter_fields import Asks
    from qm_tui.users.query.filter_parser import FilterFault, parsed

    terms = parsed(text)
    if not terms:
        msg = "The filter is empty. Enter a filter, or omit --filter."
        raise Refused(msg)
    for term in terms:
        if term.name and term.name.asks is Asks.MARKED:
            msg = "marked: works only in the terminal UI. Remove it."
            raise FilterFault(msg, term.start, term.end)
    return terms


def _sort_keys(text: str) -> "tuple[SortKey, ...]":
    from qm_tui.users.query.views import SortKey

    return tuple(
        SortKey(_column(part.removeprefix("-")), part.startswith("-"))
        for part in _parts(text, "--sort")
    )


def _parts(text: str, option: str) -> list[str]:
    parts = [part.strip() for part in text.split(",") if part.strip(" -")]
    if not parts:
        msg = f"{option} is empty. Name at least one column, or omit {option}."
        raise Refused(msg)
    return parts


def _column(written: str) -> str:
    """Return the key of the column with this name.

    Raises:
        Refused: it is unknown, ambiguous or cannot be shown.
    """
    from qm_tui.users.query.columns import COLUMN, LICENSE
    from qm_tui.users.query.filter_fields import NAMES, names_for, secret_meant

    keys = {
        filter_field.name: filter_field.field.key if filter_field.field else LICENSE
        for filter_field in NAMES.values()
        if filter_field.field or filter_field.name in COLUMN
    }
    matches = [match.name for match in names_for(written) if match.name in keys]
    if len(matches) == 1:
        return keys[matches[0]]
    shown = visible(written, _COLUMN_SHOWN)
    secret = secret_meant(written)
    if matches:
        msg = f"{shown} is ambiguous: {listed(matches, 'or')}?"
    elif secret:
        msg = f"{secret.name} cannot be shown. Remove it."
    else:
        msg = f"Unknown column {shown}. Valid columns: {listed([*keys])}."
    raise Refused(msg)


def _refused(text: str, fault: "FilterFault") -> Refused:
    position = f" at character {fault.start + 1:,}" if fault.end else ""
    shown = f"{text[: fault.end]}…" if fault.is_secret else text
    return Refused(f"Invalid filter {visible(shown, FILTER_SHOWN)}{position}: {fault.sentence}")
