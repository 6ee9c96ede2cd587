"""`qm-tui add`: add a user."""

from typing import Annotated, Final

import typer

from qm_tui.cli.commands.passwd import read_password
from qm_tui.cli.shared import common
from qm_tui.cli.shared.change_report import issue_text, print_new_user_warnings
from qm_tui.cli.shared.field_assignments import USE_ASSIGNMENT, is_assignment, parse_assignments
from qm_tui.cli.shared.selection import find_user
from qm_tui.errors import UserError
from qm_tui.output import print_json, print_line
from qm_tui.store.changes.edit import add_user
from qm_tui.store.validation import ValidationOptions, validate_changes
from qm_tui.text import sanitize
from qm_tui.users.fields import NEW_USER, User, template_from, without_secrets
from qm_tui.users.passwords import LOCAL_HASH_NOTE, EncryptedPassword, encrypt_password

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
    allow_unlicensed: common.UnlicensedOption = False,
    dry_run: common.DryRunOption = False,
    as_json: common.JsonOption = False,
    store: common.StoreOption = None,
    read_only: common.ReadOnlyOption = False,
) -> None:
    """Add a user.

    Prompts for the password, or reads it as one line from standard input. Without --like, the user
    is active, has the Unlimited License and uses the recording service Any.
    """
    assigned = arguments or []
    invalid = next((argument for argument in assigned if not is_assignment(argument)), None)
    if invalid is not None:
        shown = sanitize(invalid, common.MAX_SHOWN)
        raise UserError(f"'{shown}' does not set a field. {_NOTHING} {USE_ASSIGNMENT}")
    values = parse_assignments(assigned)
    users = common.open_store_from_options(context, store, read_only=read_only, otherwise=_NOTHING)
    template = NEW_USER if model is None else template_from(find_user(users.state, model))
    terms, user = ValidationOptions(allow_unlicensed), template._replace(**values)
    # validated with a placeholder: the prompt for the password comes last
    with_password = user._replace(**EncryptedPassword("typed", "")._asdict())
    errors = validate_changes({"": with_password}, users.state, options=terms).get("", [])
    if errors:
        raise UserError(f"{' '.join(map(issue_text, errors))} {_NOTHING}")
    print_new_user_warnings(user, users.state)
    if dry_run:
        _report(user, None, as_json=as_json)
        return
    if users.read_only_reason:
        raise UserError(users.read_only_reason)
    new = user._replace(**encrypt_password(read_password())._asdict())
    added = add_user(users, new, options=terms)
    print_line(LOCAL_HASH_NOTE, to_error=True)
    with common.report_errors(common.saved_text(users)):
        _report(added, users.state.number, as_json=as_json)


def _report(user: User, transaction: int | None, *, as_json: bool) -> None:
    """Report the user that was added, or would be."""
    if as_json:
        values = {
            "user": without_secrets(user),
            "committed": transaction is not None,
            "transaction": transaction,
        }
        print_json(values, indent=2)
        return
    name = sanitize(f"{user.first_name} {user.last_name}".strip(), common.MAX_SHOWN)
    if transaction is None:
        print_line(f"Would add {name}.\n{common.NOTHING_CHANGED}")
    else:
        print_line(f"Added {name} with User ID {user.user_id} (transaction {transaction:,}).")
