"""Which users a command is about, in which order, and which columns it prints."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from qm_tui.errors import Refused
from qm_tui.text import visible

if TYPE_CHECKING:
    from qm_tui.store.interface import UserStore
    from qm_tui.users.fields import User
    from qm_tui.users.query.columns import Column
    from qm_tui.users.query.filter_parser import FilterFault, Term
    from qm_tui.users.query.views import SortKey

FILTER_SHOWN: Final = 200
"""The characters of a filter that a sentence shows."""

_COLUMN_SHOWN: Final = 60

FilterOption = Annotated[
    str | None,
    typer.Option(
        "--filter",
        metavar="FILTER",
        help="Only users for whom it holds, as 'department:sales active:yes'. The same as in the "
        "interface; docs/filters.md explains it.",
        show_default=False,
    ),
]
SortOption = Annotated[
    str | None,
    typer.Option(
        "--sort",
        metavar="COLUMNS",
        help="What to sort by: last-name,-extension. With - the last comes first.",
        show_default=False,
    ),
]


def chosen_users(store: "UserStore", filter_text: str | None, sort: str | None) -> "list[User]":
    """The users for whom a filter holds, in order.

    Args:
        store: the store, loaded.
        filter_text: the filter; None for all users.
        sort: the columns to sort by; None for the store's order.

    Raises:
        Refused: the filter or the order makes no sense, or says nothing.
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
        found = Finder(lambda: None).found(users, Query(terms, keys), ActivityIndex(store))
    except FilterFault as fault:
        raise _refused(filter_text or "", fault) from fault
    return [users[user_id] for user_id in found]


def chosen_columns(names: str | None, usual: Sequence[str]) -> "list[Column]":
    """The columns that are named; the usual ones, given by their keys, where none are.

    Raises:
        Refused: there is no such column, or it is never shown.
    """
    from qm_tui.users.query.columns import COLUMN

    keys = usual if names is None else map(_column, _parts(names, "--columns"))
    return [COLUMN[key] for key in keys]


def _terms(text: str) -> "tuple[Term, ...]":
    """The terms of a filter, of which at least one must be there.

    Raises:
        FilterFault: it is no filter, or asks for marks.
        Refused: it is empty, as where a script's variable is: that shall not mean all users.
    """
    from qm_tui.users.query.filter_fields import Asks
    from qm_tui.users.query.filter_parser import FilterFault, parsed

    terms = parsed(text)
    if not terms:
        msg = "The filter is empty. Leave out --filter if you mean all users."
        raise Refused(msg)
    for term in terms:
        if term.name and term.name.asks is Asks.MARKED:
            msg = "marked: is for the interface, where users can be marked. Leave it out."
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
        msg = f"{option} names no column. Name one, or leave it out."
        raise Refused(msg)
    return parts


def _column(written: str) -> str:
    """The key of the column that is meant.

    Raises:
        Refused: it is not clear which, there is none, or it is never shown.
    """
    from qm_tui.users.query.columns import COLUMN, LICENSE
    from qm_tui.users.query.filter_fields import NAMES, names_for, secret_meant

    keys = {
        one.name: one.field.key if one.field else LICENSE
        for one in NAMES.values()
        if one.field or one.name in COLUMN
    }
    found = [one.name for one in names_for(written) if one.name in keys]
    if len(found) == 1:
        return keys[found[0]]
    shown = visible(written, _COLUMN_SHOWN)
    secret = secret_meant(written)
    if found:
        msg = f"{shown} may mean {_listed(found, 'or')}. Write more of it."
    elif secret:
        msg = f"{secret.name} is never shown. Leave it out."
    else:
        msg = f"{shown} is no column. There are {_listed([*keys], 'and')}."
    raise Refused(msg)


def _listed(names: list[str], word: str) -> str:
    return f"{', '.join(names[:-1])} {word} {names[-1]}"


def _refused(text: str, fault: "FilterFault") -> Refused:
    where = f", at character {fault.start + 1:,}" if fault.end else ""
    shown = f"{text[: fault.end]}…" if fault.is_secret else text
    return Refused(f"In the filter {visible(shown, FILTER_SHOWN)}{where}: {fault.sentence}")
