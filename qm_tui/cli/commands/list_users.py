"""`qm-tui list` and `qm-tui info`: show users, file locations and settings."""

import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Final

import typer

from qm_tui import __version__, paths
from qm_tui.cli.shared import common
from qm_tui.cli.shared.selection import (
    FilterOption,
    SortOption,
    query_from_options,
    select_columns,
    stream_users,
)
from qm_tui.config.preferences import preferences_path
from qm_tui.config.settings import load_settings, settings_path
from qm_tui.errors import UserError
from qm_tui.output import print_json, print_line, translating_output_errors
from qm_tui.store import shown_location
from qm_tui.store.changes.action_text import list_text
from qm_tui.store.changes.transaction_text import effect_text, time_text
from qm_tui.store.interface import UserStore
from qm_tui.text import pad_or_truncate, pluralize, sanitize, size_text
from qm_tui.users.fields import User, without_secrets
from qm_tui.users.query.columns import Column
from qm_tui.users.query.licenses import license_cell

_LISTED: Final = (
    *("first_name", "last_name", "extension", "user_name", "department", "is_active", "user_id"),
)
_NOT_USABLE: Final = "not usable"
_MAX_CELL_SHOWN: Final = 80
"""The maximum number of characters of a value that are sanitized for a cell."""


def list_(
    context: typer.Context,
    as_json: Annotated[
        bool, typer.Option("--json", help="Output JSON Lines, one object per user.")
    ] = False,
    filter_text: FilterOption = None,
    sort: SortOption = None,
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns",
            metavar="COLUMNS",
            help="Columns to show, for example last-name,extension,license.",
            show_default=False,
        ),
    ] = None,
    store: common.StoreOption = None,
    read_only: common.ReadOnlyOption = False,
) -> None:
    """List users.

    Passwords and salts are never shown.
    """
    if as_json and columns is not None:
        raise UserError("--json and --columns cannot be combined.")
    shown = select_columns(columns, _LISTED)
    user_store = common.open_store_from_options(context, store, read_only=read_only)
    query = query_from_options(filter_text, sort)
    batches = common.begun(stream_users(user_store.state, query, filter_text))
    if not user_store.exists:
        print_line(common.no_store(user_store), to_error=True)
    number = 0
    print_users = _print_json if as_json else _table_printer(shown)
    for users in batches:
        print_users(users)
        number += len(users)
    if filter_text is not None:
        with translating_output_errors():
            sys.stdout.flush()  # so that on a terminal the number is below the list
        print_line(f"{number:,} of {pluralize(user_store.state.total, 'user')}", to_error=True)


def _print_json(users: Sequence[User]) -> None:
    for user in users:
        print_json(without_secrets(user))


def _table_printer(columns: Sequence[Column]) -> Callable[[Sequence[User]], None]:
    """Print the head of a table, and return a function that prints its next rows."""
    widths = [max(column.width, len(column.short)) for column in columns]
    cells = [_cells_of(column) for column in columns]
    print_line(
        "  ".join(map(pad_or_truncate, (column.short for column in columns), widths)).rstrip()
    )

    def print_rows(users: Sequence[User]) -> None:
        for user in users:
            texts = (cell_of(user) for cell_of in cells)
            print_line("  ".join(map(pad_or_truncate, texts, widths)).rstrip())

    return print_rows


def _cells_of(column: Column) -> Callable[[User], str]:
    """Return a function that returns the sanitized cell of a user."""
    if column.field is None:
        return license_cell
    index = column.field.index
    return lambda user: sanitize(user[index], _MAX_CELL_SHOWN)


def info(
    context: typer.Context,
    store: common.StoreOption = None,
    read_only: common.ReadOnlyOption = False,
) -> None:
    """Show file locations and current settings."""
    location = shown_location(common.store_location(context, store))
    errors: list[UserError] = []
    settings_state, store_state = _NOT_USABLE, "not opened"
    facts: list[tuple[str, str]] = []
    try:
        settings_state = str(load_settings())
        store_state = _NOT_USABLE
        users = common.open_store_from_options(context, store, read_only=read_only, load=False)
        number = users.load().total
        common.print_notices(users)
        store_state = pluralize(number, "user") if users.exists else "not created yet"
        facts = _store_facts(users)
    except UserError as error:
        errors.append(error)
    settings_file = settings_path()
    if not settings_file.exists():
        settings_state = f"no file; defaults: {settings_state}"
    for name, value in (
        ("Version", __version__),
        ("Store", f"{location} ({store_state})"),
        *facts,
        ("Settings", f"{settings_file} ({settings_state})"),
        ("Options", str(preferences_path())),
        ("Mappings", str(paths.mappings_folder())),
        ("Log", str(paths.log_path())),
    ):
        print_line(f"{name:<10}{sanitize(value)}")
    if errors:
        raise errors[0]


def _store_facts(users: UserStore) -> list[tuple[str, str]]:
    """Return facts about a loaded store, as names and texts."""
    facts = []
    if users.maintenance is not None:
        files = users.maintenance.files()
        size = size_text(sum(size for _, size in files))
        text = f"{pluralize(len(files), 'file')}, {size}" if files else "none"
        facts.append(("Files", text))
    transactions = users.transactions()
    if transactions:
        last = transactions[0]
        action = list_text(last.action, last.users)
        by = f"transaction {last.number:,}, {time_text(last.time)}, {last.login}"
        facts.append(("Last", f"{by}: {action}, {effect_text(last)}"))
    if users.read_only_reason:
        facts.append(("Access", users.read_only_reason))
    return facts
