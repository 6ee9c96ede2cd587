"""Selection of users: named ones, or those that match a filter; their order, and columns."""

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Final

import typer

from qm_tui.cli.shared.common import MAX_SHOWN, NOTHING_CHANGED
from qm_tui.errors import UserError
from qm_tui.store.changes.activity_index import ActivityIndex
from qm_tui.store.changes.bulk import by_ids
from qm_tui.store.interface import UserStore
from qm_tui.store.state import State
from qm_tui.text import listed, sanitize
from qm_tui.users.fields import User
from qm_tui.users.identity import normalize_user_name, users_without_own_name
from qm_tui.users.query.columns import COLUMN, LICENSE, Column
from qm_tui.users.query.filter_fields import (
    FILTER_FIELDS,
    FilterKind,
    matching_fields,
    secret_field_named,
)
from qm_tui.users.query.filter_parser import FilterSyntaxError, Term, parse_filter
from qm_tui.users.query.search import Query, QueryExecutor
from qm_tui.users.query.sorting import use_system_locale
from qm_tui.users.query.views import SortKey

USE_FILTER: Final = "To select users with a filter, use --filter FILTER."
USER_HELP: Final = "User Names (not case-sensitive) or User IDs."

_MAX_FILTER_SHOWN: Final = 200
_MIN_SIMILARITY: Final = 70
"""The minimum similarity of a suggested name, from 0 to 100."""

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


# Named users


def find_user(state: State, written: str, *, or_filter: bool = False) -> User:
    """Return the user with this User Name or User ID.

    Args:
        state: the users.
        written: the User Name or User ID.
        or_filter: whether the command has `--filter`, which the error then names if a filter could
            be meant.

    Raises:
        UserError: no user matches, or one by its User Name and another by its User ID, or several
            users have this User Name.
    """
    by_id, key = state.users.get(written), normalize_user_name(written)
    named = state.users[state.names[key]] if key and key in state.names else None
    shown = sanitize(written, MAX_SHOWN)
    if by_id is not None:
        if named is None or named is by_id:
            return by_id
        name, other = _name(by_id), _name(named)
        raise UserError(
            f"{shown} is ambiguous: it is the User ID of {name} and the User Name of {other}. Use "
            f"the User Name of {name}, or the User ID of {other}."
        )
    if named is not None:
        others = users_without_own_name(state.users, state.names).get(key)
        if not others:
            return named
        names = f"{_name(named)} and {_name(state.users[others[0]])}"
        raise UserError(
            f"{shown} is ambiguous: it is the User Name of {names}. {NOTHING_CHANGED} Use a User "
            "ID."
        )
    if not key:
        raise UserError(f"The user is empty. {NOTHING_CHANGED} Enter a User Name or a User ID.")
    unknown = f"No user has the User Name or User ID {shown}."
    if or_filter and ":" in written:
        raise UserError(f"{unknown} {NOTHING_CHANGED} {USE_FILTER}")
    raise UserError(f"{unknown}{_nearest(state, key)} {NOTHING_CHANGED}")


def is_user(state: State, written: str) -> bool:
    """Whether a user has this User Name or User ID."""
    key = normalize_user_name(written)
    return written in state.users or (bool(key) and key in state.names)


def _name(user: User) -> str:
    return sanitize(f"{user.first_name} {user.last_name}".strip() or user.user_id, MAX_SHOWN)


def _nearest(state: State, key: str) -> str:
    from rapidfuzz import fuzz, process

    near = process.extractOne(
        key, state.names.keys(), scorer=fuzz.ratio, score_cutoff=_MIN_SIMILARITY
    )
    if near is None:
        return ""
    return f" Did you mean {sanitize(state.users[state.names[near[0]]].user_name, MAX_SHOWN)}?"


def selector_from_options(
    store: UserStore, named: Sequence[str], filter_text: str | None
) -> Callable[[State], Iterable[str]]:
    """Return the users given on the command line, as the selector of a bulk change.

    Args:
        store: the store, loaded.
        named: User Names and User IDs.
        filter_text: the filter, if one is given.

    Raises:
        UserError: neither or both are given, a user does not exist, or no users match the filter.
    """
    if named and filter_text is not None:
        problem = "Named users and --filter cannot be combined."
        raise UserError(f"{problem} {NOTHING_CHANGED} Use one of them.")
    if not named and filter_text is None:
        raise UserError(f"No users are selected. {NOTHING_CHANGED} Name users, or use --filter.")
    if filter_text is None:
        users = [find_user(store.state, text, or_filter=True) for text in named]
    else:
        users = select_users(store, filter_text, None, otherwise=NOTHING_CHANGED)
    return by_ids(dict.fromkeys(user.user_id for user in users))


# Filter, order and columns


def select_users(
    store: UserStore, filter_text: str | None, sort: str | None, *, otherwise: str = ""
) -> list[User]:
    """Return the users that match a filter, sorted.

    Args:
        store: the store, loaded.
        filter_text: the filter; None for all users.
        sort: the columns to sort by; None for the order of the store.
        otherwise: what was not done, as a sentence, if users must match the filter.

    Raises:
        UserError: the filter or the columns are invalid or empty, or no users match.
    """
    users = store.state.users
    if filter_text is None and sort is None:
        return list(users.values())
    use_system_locale()
    keys = () if sort is None else _sort_keys(sort)
    try:
        terms = () if filter_text is None else _terms(filter_text)
        user_ids = QueryExecutor(lambda: None).execute(
            users, Query(terms, keys), ActivityIndex(store)
        )
    except FilterSyntaxError as issue:
        raise _filter_error(filter_text or "", issue) from issue
    found = [users[user_id] for user_id in user_ids]
    if filter_text is not None and otherwise and not found:
        shown = sanitize(filter_text, _MAX_FILTER_SHOWN)
        raise UserError(f"No users match --filter {shown}. {otherwise} Correct the filter.")
    return found


def select_columns(names: str | None, default: Sequence[str]) -> list[Column]:
    """Return the columns with these names, or the default ones.

    Args:
        names: the names, separated by commas; None for the default.
        default: the keys of the default columns.

    Raises:
        UserError: a column is unknown, ambiguous or cannot be shown.
    """
    keys = default if names is None else map(_column, _parts(names, "--columns"))
    return [COLUMN[key] for key in keys]


def _terms(text: str) -> tuple[Term, ...]:
    """Return the terms of a filter.

    Raises:
        FilterSyntaxError: it is invalid, or uses marks.
        UserError: it is empty, for example because of an empty variable in a script. It must not
            select all users then.
    """
    terms = parse_filter(text)
    if not terms:
        raise UserError("The filter is empty. Enter a filter, or omit --filter.")
    for term in terms:
        if term.name and term.name.kind is FilterKind.MARKED:
            msg = "marked: works only in the terminal UI. Remove it."
            raise FilterSyntaxError(msg, term.start, term.end)
    return terms


def _sort_keys(text: str) -> tuple[SortKey, ...]:
    return tuple(
        SortKey(_column(part.removeprefix("-")), part.startswith("-"))
        for part in _parts(text, "--sort")
    )


def _parts(text: str, option: str) -> list[str]:
    parts = [part.strip() for part in text.split(",") if part.strip(" -")]
    if not parts:
        raise UserError(f"{option} is empty. Name at least one column, or omit {option}.")
    return parts


def _column(written: str) -> str:
    """Return the key of the column with this name.

    Raises:
        UserError: it is unknown, ambiguous or cannot be shown.
    """
    keys = {
        filter_field.name: filter_field.field.key if filter_field.field else LICENSE
        for filter_field in FILTER_FIELDS.values()
        if filter_field.field or filter_field.name in COLUMN
    }
    matches = [match.name for match in matching_fields(written) if match.name in keys]
    if len(matches) == 1:
        return keys[matches[0]]
    shown = sanitize(written, MAX_SHOWN)
    if matches:
        raise UserError(f"{shown} is ambiguous: {listed(matches, 'or')}?")
    if secret := secret_field_named(written):
        raise UserError(f"{secret.name} cannot be shown. Remove it.")
    raise UserError(f"Unknown column {shown}. Valid columns: {listed([*keys])}.")


def _filter_error(text: str, issue: FilterSyntaxError) -> UserError:
    position = f" at character {issue.start + 1:,}" if issue.end else ""
    shown = sanitize(f"{text[: issue.end]}…" if issue.is_secret else text, _MAX_FILTER_SHOWN)
    return UserError(f"Invalid filter {shown}{position}: {issue.message}")
