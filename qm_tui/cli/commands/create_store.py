"""`qm-tui init` and `migrate`: create a store, and update the schema of a PostgreSQL store."""

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Final

import typer

from qm_tui import paths
from qm_tui.cli.shared import common
from qm_tui.errors import UserError
from qm_tui.output import print_line, write_raw
from qm_tui.progress_line import progress_line
from qm_tui.store import shown_location
from qm_tui.store.postgres.server.location import parse_location
from qm_tui.text import pluralize, sanitize

_STORE_CREATED: Final = "The store was created."
_STORE_SHARED: Final = "The store was shared."
_STORE_MIGRATED: Final = "The schema is up to date."
_USE_URL: Final = "Create it with qm-tui init URL."
_DEFAULT_NAME_ORDER: Final = "latin"

_Url = Annotated[
    str | None,
    typer.Argument(
        metavar="[URL]",
        parser=common.parse_location,
        help="PostgreSQL database, for example postgresql://HOST/DATABASE. Default: --store.",
        show_default=False,
    ),
]


def init(
    context: typer.Context,
    url: _Url = None,
    name_order: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"Order of names in a PostgreSQL store. Default: {_DEFAULT_NAME_ORDER}.",
            show_default=False,
        ),
    ] = None,
    roles: Annotated[
        bool,
        typer.Option("--roles", help="Only print the GRANT script of a PostgreSQL store."),
    ] = False,
    shared: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            parser=common.parse_path,
            help="Create a shared store in this folder, or with this .json file.",
            show_default=False,
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Group that shares the store.", show_default=False),
    ] = None,
    store: common.StoreOption = None,
) -> None:
    """Create an empty store: private, shared or in PostgreSQL.

    A PostgreSQL database must exist and belong to you. Its order of names cannot be changed later:
    latin (ä is a, ñ is n), german-phonebook, spanish, swedish or danish.
    """
    options: common.GlobalOptions = context.obj
    if roles:
        if shared is not None or group is not None or name_order is not None:
            raise UserError("--roles cannot be combined with other options.")
        _print_roles()
        return
    if shared is not None or group is not None:
        if name_order is not None:
            raise UserError("--shared and --name-order cannot be combined.")
        _init_shared(context, shared, group, url or store or options.store)
        return
    location = _location(context, url, store)
    if paths.is_server_location(location):
        _init_server(context, location, name_order or _DEFAULT_NAME_ORDER)
        return
    if name_order is not None:
        raise UserError("--name-order requires the URL of a PostgreSQL database.")
    users = common.open_store_from_options(context, store, read_only=False)
    common.file_maintenance(users, _USE_URL).create()
    with common.report_errors(_STORE_CREATED):
        print_line(f"Created an empty store: {sanitize(users.location)}")


def migrate(context: typer.Context, url: _Url = None, store: common.StoreOption = None) -> None:
    """Update the schema of a PostgreSQL store.

    Only the owner of the database can do this. Run it after an update of qm-tui.
    """
    location = _location(context, url, store)
    if not paths.is_server_location(location):
        raise UserError(f"Nothing to migrate: the store {sanitize(location)} is a file.")
    server = parse_location(location)
    _check_not_read_only(context, "migrate")
    from qm_tui.store.postgres.schema import migrate as migrate_schema

    with progress_line() as progress:
        before, after = migrate_schema(server, progress)
    shown = sanitize(server.shown)
    with common.report_errors(_STORE_MIGRATED if before != after else ""):
        if before == after:
            print_line(f"Nothing to migrate: the schema of {shown} already has version {after:,}.")
        else:
            print_line(f"Migrated the schema of {shown} from version {before:,} to {after:,}.")


def _location(context: typer.Context, url: str | None, store: str | None) -> str:
    """Return the location of the store: the URL, or else as in other commands."""
    options: common.GlobalOptions = context.obj
    if url is None:
        return common.store_location(context, store)
    if store or options.store:
        raise UserError("URL and --store cannot be combined.")
    if not paths.is_url(url):
        raise UserError(
            f"'{sanitize(url, common.MAX_SHOWN)}' is not the URL of a PostgreSQL database. Give a "
            "URL that begins with postgresql://, or use --store PATH for a file."
        )
    shown_location(url)  # it may be of an unknown kind
    return url


def _init_server(context: typer.Context, location: str, name_order: str) -> None:
    server = parse_location(location)
    _check_not_read_only(context, "init")
    _check_name_order(name_order)
    from qm_tui.store.postgres.schema import initialize

    initialize(server, name_order)
    with common.report_errors(_STORE_CREATED):
        print_line(f"Created an empty store: {sanitize(server.shown)}")
        print_line(
            "To give roles to other admins, print the GRANT script with qm-tui init --roles, and "
            "run it with psql."
        )


def _print_roles() -> None:
    from qm_tui.store.postgres.schema import roles_script

    write_raw(roles_script())


def _check_name_order(name: str) -> None:
    from qm_tui.users.query.name_order import NAME_ORDERS

    if name not in NAME_ORDERS:
        near = get_close_matches(name, NAME_ORDERS, 1)
        fix = f"Did you mean {near[0]}? " if near else ""
        valid = "; ".join(f"{key} ({order.description})" for key, order in NAME_ORDERS.items())
        raise UserError(
            f"Unknown name order {sanitize(name, common.MAX_SHOWN)}. {fix}Valid name orders: "
            f"{valid}."
        )


def _check_not_read_only(context: typer.Context, command: str) -> None:
    options: common.GlobalOptions = context.obj
    if options.read_only:
        raise UserError(f"--read-only and {command} cannot be combined.")


def _init_shared(
    context: typer.Context, shared: Path | None, group: str | None, other: str | None
) -> None:
    """Create a store that a group shares, unless the location of another store is given."""
    if shared is None:
        raise UserError("--group requires --shared PATH.")
    if group is None:
        raise UserError("--shared requires --group NAME.")
    if other:
        raise UserError("--shared and --store cannot be combined.")
    _check_not_read_only(context, "init")
    target = paths.absolute_path(shared)
    path = target if target.suffix.lower() == ".json" else target / "users.json"
    users = common.open_store_from_options(context, str(path), read_only=False, load=False)
    existing = common.file_maintenance(users, _USE_URL).share(group)
    location, group_name = sanitize(str(path)), sanitize(group, 64)
    if existing:
        files = pluralize(existing, "file")
        done = f"Shared the existing store {location} ({files}) with the group {group_name}."
    else:
        done = f"Created an empty store shared by the group {group_name}: {location}"
    with common.report_errors(_STORE_SHARED if existing else _STORE_CREATED):
        print_line(done)
        print_line(
            f"To open it, members of the group use --store {location}, or set "
            f"{paths.STORE_VARIABLE} to this path."
        )
