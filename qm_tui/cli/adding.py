"""`qm-tui add`: add a user."""

from typing import Annotated, Any, Final

import typer

from qm_tui.cli.common import (
    NOTHING_CHANGED,
    DryRunOption,
    JsonOption,
    ReadOnlyOption,
    StoreOption,
    UnlicensedOption,
    opened,
    reporting,
    require_store,
    saved,
)
from qm_tui.errors import Refused
from qm_tui.output import say, say_json
from qm_tui.text import visible

_NOTHING: Final = "No user was added."


def add(
    context: typer.Context,
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME=VALUE...",
            help="Values such as extension=0412, location=Oslo or license=unlimited. Fields have "
            "the same names as in filters.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--like",
            metavar="USER",
            help="Copy department, location, profiles, licenses and yes/no fields from USER.",
            show_default=False,
        ),
    ] = None,
    allow_unlicensed: UnlicensedOption = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
    read_only: ReadOnlyOption = False,
) -> None:
    """Add a user.

    Prompts for the password, or reads it as one line from standard input. Without --like, the user
    is active, has the Unlimited License and uses the recording service Any.
    """
    from qm_tui.cli.assignments import USE_ASSIGNMENT, assignments, is_assignment
    from qm_tui.cli.passwords import read_password
    from qm_tui.cli.whom import user_named
    from qm_tui.store.changes.edit import add_user
    from qm_tui.store.validation import ValidationOptions, validate_changes
    from qm_tui.users.new_user_template import NEW_USER, like
    from qm_tui.users.passwords import SET_HERE, Encrypted, encrypted

    assigned = arguments or []
    invalid = next((argument for argument in assigned if not is_assignment(argument)), None)
    if invalid is not None:
        msg = f"'{visible(invalid, 60)}' does not set a field. {_NOTHING} {USE_ASSIGNMENT}"
        raise Refused(msg)
    values = assignments(assigned)
    users = opened(context, store, read_only=read_only)
    require_store(users, _NOTHING)
    template = NEW_USER if model is None else like(user_named(users.state, model))
    terms, user = ValidationOptions(allow_unlicensed), template._replace(**values)
    # validated with a placeholder: the prompt for the password comes last
    with_password = user._replace(**Encrypted("typed", "")._asdict())
    errors = validate_changes({"": with_password}, users.state, terms=terms).get("", [])
    if errors:
        details = " ".join(f"{visible(error.message)}. {visible(error.remedy)}" for error in errors)
        msg = f"{details} {_NOTHING}"
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
    """Report the user that was added, or would be."""
    from qm_tui.users.fields import without_secrets

    if as_json:
        values = {
            "user": without_secrets(user),
            "committed": transaction is not None,
            "transaction": transaction,
        }
        say_json(values, indent=2)
        return
    name = visible(f"{user.first_name} {user.last_name}".strip(), 60)
    if transaction is None:
        say(f"Would add {name}.\n{NOTHING_CHANGED}")
    else:
        say(f"Added {name} with User ID {user.user_id} (transaction {transaction:,}).")
