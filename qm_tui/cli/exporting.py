"""`qm-tui export`: the store's users into a file."""

import sys
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qm_tui import places
from qm_tui.cli.choosing import FilterOption, SortOption, chosen_users
from qm_tui.cli.common import ReadOnlyOption, StoreOption, opened, require_store
from qm_tui.refusal import Refused
from qm_tui.text import visible
from qm_tui.transfer.export_choices import EXPORT_CHOICE, Delimiter, ExportChoices, delimiter_typed

if TYPE_CHECKING:
    from qm_tui.transfer.exported import Exported
    from qm_tui.users.fields import User


def _flag(key: str) -> Any:  # noqa: ANN401 - what Typer calls an option
    """The flag of a choice that is made or not, explained."""
    choice = EXPORT_CHOICE[key]
    return typer.Option(choice.flag, help=choice.options[1].meaning)


def export(
    context: typer.Context,
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="The .csv file to write, or - for standard output."),
    ],
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    template: Annotated[
        bool, typer.Option("--template", help="Write the header alone, to fill in.")
    ] = False,
    no_header: Annotated[bool, _flag("header")] = False,
    no_passwords: Annotated[bool, _flag("passwords")] = False,
    no_ids: Annotated[bool, _flag("ids")] = False,
    for_excel: Annotated[bool, _flag("for_excel")] = False,
    delimiter: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="With --for-excel: comma, semicolon, tab or bar, or the character itself. "
            "Excel in German, French and other languages wants semicolon.",
        ),
    ] = "",
    guard_formulas: Annotated[bool, _flag("guard_formulas")] = False,
    filter_text: FilterOption = "",
    sort: SortOption = "",
    store: StoreOption = None,
    read_only: ReadOnlyOption = False,
) -> None:
    """Export users, all or some, to a .csv file that only you can read.

    Their encrypted passwords are in it, unless you leave them out.
    """
    if template and no_header:
        msg = "--template writes the header alone, and --no-header leaves it out: choose one."
        raise Refused(msg)
    if template and (filter_text or sort):
        msg = "--template writes the header alone: leave out --filter and --sort."
        raise Refused(msg)
    if delimiter and not for_excel:
        msg = "--delimiter is for spreadsheets: add --for-excel. Other files have commas."
        raise Refused(msg)
    choices = ExportChoices(
        header=not no_header,
        passwords=not no_passwords,
        ids=not no_ids,
        for_excel=for_excel,
        delimiter=delimiter_typed(delimiter) if delimiter else Delimiter.COMMA,
        guard_formulas=guard_formulas,
    )
    users: list[User] = []
    if not template:
        kept = opened(context, store, read_only=read_only)
        # a mistyped store must not replace a good export by an empty one
        require_store(kept, "Nothing was exported.")
        users = chosen_users(kept, filter_text, sort)
        if filter_text and not users:
            msg = "Nothing was exported: no user is as the filter asks."
            raise Refused(msg)
    if file == "-":
        _to_standard_output(users, choices)
        return
    exported = _to_file(users, places.expanded(Path(file)), choices, force=force)
    if template:
        print(f"Export complete. Header written to {visible(str(exported.path))}")
        return
    for sentence in exported.sentences:
        print(sentence)


def _to_file(users: "list[User]", path: Path, choices: ExportChoices, *, force: bool) -> "Exported":
    """Write a file.

    Raises:
        Refused: it could not be written.
    """
    from qm_tui.progress_line import progress_line
    from qm_tui.transfer.exporting import export_users

    with progress_line() as tick:
        return export_users(users, path, tick, overwrite=force, choices=choices)


def _to_standard_output(users: "list[User]", choices: ExportChoices) -> None:
    """Write to standard output nothing but the file, and what to mind to standard error."""
    from qm_tui.transfer.exporting import write_users

    whole = BytesIO()
    exported = write_users(users, whole, choices=choices)  # wholly or not at all
    sys.stdout.buffer.write(whole.getbuffer())
    sys.stdout.buffer.flush()
    for sentence in exported.notes if users else ():
        print(sentence, file=sys.stderr)
