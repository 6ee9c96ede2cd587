"""Selection, order and columns of users: `--filter`, `--sort` and `--columns`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from qm_tui.errors import UserError
from qm_tui.text import listed, sanitize

if TYPE_CHECKING:
    from qm_tui.store.interface import UserStore
    from qm_tui.users.fields import User
    from qm_tui.users.query.columns import Column
    from qm_tui.users.query.filter_parser import FilterSyntaxError, Term
    from qm_tui.users.query.views import SortKey

MAX_FILTER_SHOWN: Final = 200
"""The maximum number of characters of a filter in a message."""

USE_FILTER: Final = "To select users with a filter, use --filter FILTER."

_MAX_COLUMN_SHOWN: Final = 60

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


def select_users(store: "UserStore", filter_text: str | None, sort: str | None) -> "list[User]":
    """Return the users that match a filter, sorted.

    Args:
        store: the store, loaded.
        filter_text: the filter; None for all users.
        sort: the columns to sort by; None for the order of the store.

    Raises:
        UserError: the filter or the columns are invalid or empty.
    """
    users = store.state.users
    if filter_text is None and sort is None:
        return list(users.values())
    from qm_tui.store.changes.activity_index import ActivityIndex
    from qm_tui.users.query.filter_parser import FilterSyntaxError
    from qm_tui.users.query.search import Query, QueryExecutor
    from qm_tui.users.query.sorting import use_system_locale

    use_system_locale()
    keys = () if sort is None else _sort_keys(sort)
    try:
        terms = () if filter_text is None else _terms(filter_text)
        user_ids = QueryExecutor(lambda: None).execute(
            users, Query(terms, keys), ActivityIndex(store)
        )
    except FilterSyntaxError as issue:
        raise _filter_error(filter_text or "", issue) from issue
    return [users[user_id] for user_id in user_ids]


def no_match(filter_text: str) -> str:
    """Return the message that no users match a filter."""
    return f"No users match --filter {sanitize(filter_text, MAX_FILTER_SHOWN)}."


def select_columns(names: str | None, default: Sequence[str]) -> "list[Column]":
    """Return the columns with these names, or the default ones.

    Args:
        names: the names, separated by commas; None for the default.
        default: the keys of the default columns.

    Raises:
        UserError: a column is unknown, ambiguous or cannot be shown.
    """
    from qm_tui.users.query.columns import COLUMN

    keys = default if names is None else map(_column, _parts(names, "--columns"))
    return [COLUMN[key] for key in keys]


def _terms(text: str) -> "tuple[Term, ...]":
    """Return the terms of a filter.

    Raises:
        FilterSyntaxError: it is invalid, or uses marks.
        UserError: it is empty, for example because of an empty variable in a script. It must not
            select all users then.
    """
    from qm_tui.users.query.filter_fields import FilterKind
    from qm_tui.users.query.filter_parser import FilterSyntaxError, parse_filter

    terms = parse_filter(text)
    if not terms:
        msg = "The filter is empty. Enter a filter, or omit --filter."
        raise UserError(msg)
    for term in terms:
        if term.name and term.name.kind is FilterKind.MARKED:
            msg = "marked: works only in the terminal UI. Remove it."
            raise FilterSyntaxError(msg, term.start, term.end)
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
        raise UserError(msg)
    return parts


def _column(written: str) -> str:
    """Return the key of the column with this name.

    Raises:
        UserError: it is unknown, ambiguous or cannot be shown.
    """
    from qm_tui.users.query.columns import COLUMN, LICENSE
    from qm_tui.users.query.filter_fields import FILTER_FIELDS, matching_fields, secret_field_named

    keys = {
        filter_field.name: filter_field.field.key if filter_field.field else LICENSE
        for filter_field in FILTER_FIELDS.values()
        if filter_field.field or filter_field.name in COLUMN
    }
    matches = [match.name for match in matching_fields(written) if match.name in keys]
    if len(matches) == 1:
        return keys[matches[0]]
    shown = sanitize(written, _MAX_COLUMN_SHOWN)
    secret = secret_field_named(written)
    if matches:
        msg = f"{shown} is ambiguous: {listed(matches, 'or')}?"
    elif secret:
        msg = f"{secret.name} cannot be shown. Remove it."
    else:
        msg = f"Unknown column {shown}. Valid columns: {listed([*keys])}."
    raise UserError(msg)


def _filter_error(text: str, issue: "FilterSyntaxError") -> UserError:
    position = f" at character {issue.start + 1:,}" if issue.end else ""
    shown = f"{text[: issue.end]}…" if issue.is_secret else text
    return UserError(
        f"Invalid filter {sanitize(shown, MAX_FILTER_SHOWN)}{position}: {issue.message}"
    )
