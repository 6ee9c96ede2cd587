"""`qm-tui add`: a new user."""

from typing import Annotated, Any, Final

import typer

from qm_tui.cli.changing import DryRunOption, UnlicensedOption
from qm_tui.cli.common import (
    JsonOption,
    ReadOnlyOption,
    StoreOption,
    opened,
    reporting,
    require_store,
    saved,
)
from qm_tui.errors import Refused
from qm_tui.output import say, say_json
from qm_tui.text import visible

_NOTHING: Final = "Nobody was added."


def add(
    context: typer.Context,
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME=VALUE...",
            help="Fields as in filters: first-name=Anna last-name=Berg user-name=aberg "
            "extension=0412 department='Sales Nord' license=on-demand",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--like",
            metavar="USER",
            help="Begin with department, location, profiles, licenses and flags of this user.",
            show_default=False,
        ),
    ] = None,
    allow_unlicensed: UnlicensedOption = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
    read_only: ReadOnlyOption = False,
) -> None:
    """Add a user. The password is asked for, or read as one line of standard input.

    Without --like the user is active, has the unlimited license, and any recording service.
    """
    from qm_tui.cli.assignments import assignments, is_assignment
    from qm_tui.cli.passwords import read_password
    from qm_tui.cli.whom import user_named
    from qm_tui.store.changes.edit import add_user
    from qm_tui.store.validation import ValidationOptions, validate_changes
    from qm_tui.users.new_user_template import NEW_USER, like
    from qm_tui.users.passwords import SET_HERE, Encrypted, encrypted

    given = arguments or []
    wrong = next((one for one in given if not is_assignment(one)), None)
    if wrong is not None:
        msg = f"{visible(wrong, 60)} gives no field a value. Write NAME=VALUE. {_NOTHING}"
        raise Refused(msg)
    values = assignments(given)
    users = opened(context, store, read_only=read_only)
    require_store(users, _NOTHING)
    begin = NEW_USER if model is None else like(user_named(users.state, model))
    terms, user = ValidationOptions(allow_unlicensed), begin._replace(**values)
    judged = user._replace(**Encrypted("typed", "")._asdict())  # asked for once all else is right
    faults = validate_changes({"": judged}, users.state, terms=terms).get("", [])
    if faults:
        said = " ".join(f"{visible(one.message)}. {visible(one.remedy)}" for one in faults)
        msg = f"{said} {_NOTHING}"
        raise Refused(msg)
    if dry_run:
        _report(user, None, as_json=as_json)
        return
    if users.read_only_reason:
        raise Refused(users.read_only_reason)
    new = user._replace(**encrypted(read_password())._asdict())
    added = add_user(users, new, terms=terms)
    say(SET_HERE, to_error=True)
    with reporting(saved(users)):
        _report(added, users.state.number, as_json=as_json)


def _report(user: Any, transaction: int | None, *, as_json: bool) -> None:  # noqa: ANN401
    """Say who was added, or would be."""
    from qm_tui.users.fields import without_secrets

    if as_json:
        said = {
            "user": without_secrets(user),
            "committed": transaction is not None,
            "transaction": transaction,
        }
        say_json(said, indent=2)
        return
    name = visible(f"{user.first_name} {user.last_name}".strip(), 60)
    if transaction is None:
        say(f"{name} would be added.\nNothing was written.")
    else:
        say(f"{name} added with User ID {user.user_id}, by transaction {transaction:,}.")
