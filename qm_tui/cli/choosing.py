"""Which users a command is about, in which order, and which columns it prints."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from qm_tui.refusal import Refused
from qm_tui.text import visible

if TYPE_CHECKING:
    from qm_tui.store.interface import UserStore
    from qm_tui.users.fields import User
    from qm_tui.users.query.columns import Column
    from qm_tui.users.query.language import FilterFault
    from qm_tui.users.query.views import SortKey

FilterOption = Annotated[
    str,
    typer.Option(
        "--filter",
        metavar="FILTER",
        help="Only users for whom it holds, as 'department:sales active:yes'. The same as in the "
        "interface; docs/filters.md explains it.",
        show_default=False,
    ),
]
SortOption = Annotated[
    str,
    typer.Option(
        "--sort",
        metavar="COLUMNS",
        help="What to sort by: last-name,-extension. With - the last comes first.",
        show_default=False,
    ),
]


def chosen_users(store: "UserStore", filter_text: str, sort: str) -> "list[User]":
    """The users for whom a filter holds, in order; all in the store's order without either.

    Raises:
        Refused: the filter or the order makes no sense.
    """
    users = store.state.users
    if not filter_text and not sort:
        return list(users.values())
    from qm_tui.store.happened import Happened
    from qm_tui.users.query.finding import Finder, Query
    from qm_tui.users.query.language import FilterFault, parsed
    from qm_tui.users.query.names import Asks
    from qm_tui.users.query.sorting import use_own_locale

    use_own_locale()
    keys = _sort_keys(sort)
    try:
        terms = parsed(filter_text)
        marks = (term for term in terms if term.name and term.name.asks is Asks.MARKED)
        term = next(marks, None)
        if term is not None:
            msg = "marked: is for the interface, where users can be marked."
            raise FilterFault(msg, term.start, term.end)
        found = Finder(lambda: None).found(users, Query(terms, keys), Happened(store))
    except FilterFault as fault:
        raise _refused(filter_text, fault) from fault
    return [users[user_id] for user_id in found]


def chosen_columns(names: str, usual: Sequence[str]) -> "list[Column]":
    """The columns that are named, or the usual ones.

    Raises:
        Refused: there is no such column, or it is never shown.
    """
    from qm_tui.users.query.columns import COLUMN

    return [COLUMN[key] for key in (map(_column, _parts(names)) if names else usual)]


def _sort_keys(text: str) -> "tuple[SortKey, ...]":
    from qm_tui.users.query.views import SortKey

    return tuple(SortKey(_column(part.lstrip("-")), part.startswith("-")) for part in _parts(text))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _column(written: str) -> str:
    """The key of the column that is meant."""
    from qm_tui.users.query.columns import COLUMN, LICENSE
    from qm_tui.users.query.names import NAMES, names_for

    found = [one for one in names_for(written) if one.field is not None or one.name == LICENSE]
    if len(found) == 1:
        return found[0].field.key if found[0].field is not None else LICENSE
    known = [one.name for one in NAMES.values() if one.field is not None or one.name in COLUMN]
    why = "may mean several columns" if found else "is no column"
    msg = f"{visible(written, 60)} {why}. There are {', '.join(known[:-1])} and {known[-1]}."
    raise Refused(msg)


def _refused(text: str, fault: "FilterFault") -> Refused:
    where = f" at character {fault.start + 1:,}" if fault.end else ""
    return Refused(f"The filter {visible(text, 200)} makes no sense{where}: {fault.sentence}")
