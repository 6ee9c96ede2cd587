"""`qm-tui list` and `qm-tui info`: what there is, and where."""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from qm_tui import __version__, paths
from qm_tui.cli.activity import what_it_did
from qm_tui.cli.choosing import FilterOption, SortOption, chosen_columns, chosen_users
from qm_tui.cli.common import ReadOnlyOption, StoreOption, opened, say_notices, store_path
from qm_tui.errors import Refused
from qm_tui.output import say, say_json
from qm_tui.text import counted, fitted, size_text, visible

if TYPE_CHECKING:
    from qm_tui.store.interface import UserStore
    from qm_tui.users.fields import User
    from qm_tui.users.query.columns import Column

_LISTED: Final = (
    "first_name",
    "last_name",
    "extension",
    "user_name",
    "department",
    "is_active",
    "user_id",
)
_CELL_SHOWN: Final = 80
"""The characters of a value that are looked at to fill a cell."""


def list_(
    context: typer.Context,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per user and line.")
    ] = False,
    filter_text: FilterOption = None,
    sort: SortOption = None,
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns",
            metavar="COLUMNS",
            help="The columns to print: last-name,extension,license.",
            show_default=False,
        ),
    ] = None,
    store: StoreOption = None,
    read_only: ReadOnlyOption = False,
) -> None:
    """List users. Passwords and salts are left out."""
    from qm_tui.users.fields import without_secrets

    if as_json and columns is not None:
        msg = "--json prints all fields: leave out --columns."
        raise Refused(msg)
    shown = chosen_columns(columns, _LISTED)
    kept = opened(context, store, read_only=read_only)
    users = chosen_users(kept, filter_text, sort)
    if not kept.exists:
        say(f"There is no store at {visible(kept.location)} yet.", to_error=True)
    if as_json:
        for user in users:
            say_json(without_secrets(user))
    else:
        _print_table(users, shown)
    if filter_text is not None:
        sys.stdout.flush()  # on a terminal it shall stand below the list
        say(f"{len(users):,} of {counted(len(kept.state.users), 'user')}", to_error=True)


def _print_table(users: "Iterable[User]", columns: "Sequence[Column]") -> None:
    widths = [max(one.width, len(one.short)) for one in columns]
    cells = [_cells_of(one) for one in columns]
    say("  ".join(map(fitted, (one.short for one in columns), widths)).rstrip())
    for user in users:
        texts = (cell_of(user) for cell_of in cells)
        say("  ".join(map(fitted, texts, widths)).rstrip())


def _cells_of(column: "Column") -> "Callable[[User], str]":
    """Gives what stands in a column, safe for a terminal."""
    from qm_tui.users.query.licenses import license_cell

    if column.field is None:
        return license_cell
    place = column.field.index
    return lambda user: visible(user[place], _CELL_SHOWN)


def info(
    context: typer.Context, store: StoreOption = None, read_only: ReadOnlyOption = False
) -> None:
    """Say where the data, the settings and the log are, and what counts."""
    from qm_tui.preferences import choices_path
    from qm_tui.settings import settings, settings_path

    path = store_path(context, store)
    refused: list[Refused] = []
    chosen, held = "they cannot be used", "it was not opened"
    is_there = False
    more: list[tuple[str, str]] = []
    try:
        chosen = str(settings())
        held = "it cannot be used"
        users = opened(context, store, read_only=read_only, load=False)
        held = counted(len(users.load().users), "user")
        say_notices(users)
        is_there = users.exists
        more = _about(users)
    except Refused as error:
        refused.append(error)
    if not refused and not is_there:
        held = "not there yet: the first import makes it"
    where = settings_path()
    for name, value in (
        ("Version", __version__),
        ("Store", f"{path} ({held})"),
        *more,
        ("Settings", f"{where} ({chosen}{'' if where.exists() else '; not there: as built in'})"),
        ("Choices", str(choices_path())),
        ("Mappings", str(paths.mappings_folder())),
        ("Log", str(paths.log_path())),
    ):
        say(f"{name:<10}{visible(value)}")
    if refused:
        raise refused[0]


def _about(users: "UserStore") -> list[tuple[str, str]]:
    """What there is to say of a store that could be loaded."""
    said = []
    if users.maintenance is not None:
        files = users.maintenance.files()
        size = size_text(sum(size for _, size in files))
        said.append(("Files", f"{counted(len(files), 'file')}, {size}"))
    transactions = users.transactions()
    if transactions:
        last = transactions[0]
        when = last.time.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        last_one = f"transaction {last.number:,}, {when}, {last.login}: {what_it_did(last)}"
        said.append(("Last", f"{last_one}; {last.reason}"))
    if users.read_only_reason:
        said.append(("Access", users.read_only_reason))
    return said
