"""Selection of users: named ones, or those that match a filter; their order, and columns."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Final

import typer

from qm_tui.cli.shared.common import MAX_SHOWN, NOTHING_CHANGED
from qm_tui.errors import UserError
from qm_tui.progress import in_chunks
from qm_tui.store.changes.bulk import by_ids
from qm_tui.store.state import State
from qm_tui.text import listed, sanitize
from qm_tui.users.fields import User
from qm_tui.users.identity import normalize_user_name
from qm_tui.users.query.columns import COLUMN, LICENSE, Column
from qm_tui.users.query.filter_fields import (
    FILTER_FIELDS,
    FilterKind,
    matching_fields,
    secret_field_named,
)
from qm_tui.users.query.filter_parser import FilterSyntaxError, Term, parse_filter
from qm_tui.users.query.query import Query
from qm_tui.users.query.sorting import use_system_locale
from qm_tui.users.query.views import SortKey

USE_FILTER: Final = "To select users with a filter, use --filter FILTER."
USER_HELP: Final = "User Names (not case-sensitive) or User IDs."

_ASKED: Final = 500
"""The number of named users that the store is asked for at once."""

_MAX_FILTER_SHOWN: Final = 200

FilterOption = Annotated[
    str | None,
    typer.Option(
        "--filter",
        metavar="FILTER",
        help="Only users that match, for example 'department:sales active:yes'. See qm-tui(1).",
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


def find_user(state: State, written: str) -> User:
    """Return the user with this User Name or User ID.

    Args:
        state: the users.
        written: the User Name or User ID.

    Raises:
        UserError: as `find_users`.
    """
    return find_users(state, (written,))[0]


def find_users(state: State, written: Iterable[str], *, or_filter: bool = False) -> list[User]:
    """Return the users with these User Names or User IDs.

    Args:
        state: the users.
        written: the User Names and User IDs.
        or_filter: whether the command has `--filter`, which the error then names if a filter could
            be meant.

    Raises:
        UserError: no user matches, or one by its User Name and another by its User ID, or several
            users have this User Name.
    """
    found: list[User] = []
    for texts in in_chunks(written, size=_ASKED):
        keys = list(map(normalize_user_name, texts))
        owners = state.owners(keys)
        namesakes = state.users_without_own_name() if any(owners) else {}
        asked = [*texts, *filter(None, owners)]
        users = dict(zip(asked, state.users(asked), strict=True))
        for text, key, owner in zip(texts, keys, owners, strict=True):
            by_id, named = users[text], users[owner] if key and owner else None
            user = by_id or named
            if user is None:
                raise _unknown_user(state, text, key, or_filter=or_filter)
            if by_id and named and by_id.user_id != named.user_id:
                raise _ambiguous_id(text, by_id, named)
            namesake_ids = namesakes.get(key) if by_id is None else None
            namesake = state.user(namesake_ids[0]) if namesake_ids else None
            if namesake is not None:
                raise _ambiguous_name(text, user, namesake)
            found.append(user)
    return found


def _ambiguous_id(written: str, by_id: User, named: User) -> UserError:
    shown, name, other = sanitize(written, MAX_SHOWN), _name(by_id), _name(named)
    return UserError(
        f"{shown} is ambiguous: it is the User ID of {name} and the User Name of {other}. Use "
        f"the User Name of {name}, or the User ID of {other}."
    )


def _ambiguous_name(written: str, user: User, namesake: User) -> UserError:
    shown, names = sanitize(written, MAX_SHOWN), f"{_name(user)} and {_name(namesake)}"
    return UserError(
        f"{shown} is ambiguous: it is the User Name of {names}. {NOTHING_CHANGED} Use a User ID."
    )


def _unknown_user(state: State, written: str, key: str, *, or_filter: bool) -> UserError:
    if not key:
        return UserError(f"The user is empty. {NOTHING_CHANGED} Enter a User Name or a User ID.")
    unknown = f"No user has the User Name or User ID {sanitize(written, MAX_SHOWN)}."
    if or_filter and ":" in written:
        return UserError(f"{unknown} {NOTHING_CHANGED} {USE_FILTER}")
    return UserError(f"{unknown}{_nearest(state, key)} {NOTHING_CHANGED}")


def is_user(state: State, written: str) -> bool:
    """Whether a user has this User Name or User ID."""
    if state.user(written) is not None:
        return True
    key = normalize_user_name(written)
    return bool(key) and state.owner(key) is not None


def _name(user: User) -> str:
    return sanitize(f"{user.first_name} {user.last_name}".strip() or user.user_id, MAX_SHOWN)


def _nearest(state: State, key: str) -> str:
    nearest = state.nearest_name(key)
    user = None if nearest is None else state.user(nearest)
    return f" Did you mean {sanitize(user.user_name, MAX_SHOWN)}?" if user else ""


def selector_from_options(
    state: State, named: Sequence[str], filter_text: str | None
) -> Callable[[State], Iterable[Sequence[str]]]:
    """Return the users given on the command line, as the selector of a bulk change.

    A filter is evaluated only here, so users that match it later, because another admin changes
    them, are not selected.

    Args:
        state: the users.
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
        users = find_users(state, named, or_filter=True)
        return by_ids(dict.fromkeys(user.user_id for user in users))
    query = query_from_options(filter_text, None)
    with translating_filter_errors(filter_text):
        user_ids = [user_id for batch in state.ids(query) for user_id in batch]
    if not user_ids:
        raise no_match(filter_text, NOTHING_CHANGED)
    return by_ids(user_ids)


# Filter, order and columns


def query_from_options(
    filter_text: str | None, sort: str | None, option: str = "--filter"
) -> Query:
    """Return the query of a filter and a sort order.

    Args:
        filter_text: the filter; None for all users.
        sort: the columns to sort by; None for the order of the store.
        option: the option that has the filter.

    Raises:
        UserError: the filter or the columns are invalid or empty. Some invalid values of a filter
            are found only when the query is asked: see `translating_filter_errors`.
    """
    if sort is not None:
        use_system_locale()
    keys = () if sort is None else _sort_keys(sort)
    with translating_filter_errors(filter_text):
        return Query(() if filter_text is None else _terms(filter_text, option), keys)


@contextmanager
def translating_filter_errors(filter_text: str | None) -> Iterator[None]:
    """Translate errors in a filter.

    Args:
        filter_text: the filter, if there is one.

    Raises:
        UserError: it is invalid.
    """
    try:
        yield
    except FilterSyntaxError as issue:
        raise _filter_error(filter_text or "", issue) from issue


def stream_users(state: State, query: Query, filter_text: str | None) -> Iterator[Sequence[User]]:
    """Yield the users of a query, some hundred at a time.

    Args:
        state: the users.
        query: the query.
        filter_text: its filter, if there is one.

    Raises:
        UserError: the filter is invalid.
    """
    with translating_filter_errors(filter_text):
        yield from state.stream(query)


def no_match(filter_text: str, otherwise: str) -> UserError:
    """Return the error that no users match a filter.

    Args:
        filter_text: the filter.
        otherwise: what was not done, as a sentence.
    """
    shown = sanitize(filter_text, _MAX_FILTER_SHOWN)
    return UserError(f"No users match --filter {shown}. {otherwise} Correct the filter.")


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


def _terms(text: str, option: str) -> tuple[Term, ...]:
    """Return the terms of a filter.

    Raises:
        FilterSyntaxError: it is invalid, or uses marks.
        UserError: it is empty, for example because of an empty variable in a script. It must not
            select all users then.
    """
    terms = parse_filter(text)
    if not terms:
        raise UserError(f"The filter is empty. Enter a filter, or omit {option}.")
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
        if filter_field.field or filter_field.kind is FilterKind.LICENSE
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
