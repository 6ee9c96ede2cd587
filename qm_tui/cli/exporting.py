"""`qm-tui export`: the store's users into a file."""

import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qm_tui import paths
from qm_tui.cli.choosing import FILTER_SHOWN, FilterOption, SortOption, chosen_users
from qm_tui.cli.common import ReadOnlyOption, StoreOption, a_path, opened, reporting, require_store
from qm_tui.errors import Refused
from qm_tui.output import say, saying
from qm_tui.text import counted, visible
from qm_tui.transfer.options.export_options import (
    EXPORT_CHOICE,
    Delimiter,
    ExportChoices,
    delimiter_typed,
)

if TYPE_CHECKING:
    from qm_tui.transfer.exporting.result import Exported
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
    filter_text: FilterOption = None,
    sort: SortOption = None,
    store: StoreOption = None,
    read_only: ReadOnlyOption = False,
) -> None:
    """Export users, all or some, to a .csv file that only you can read.

    Their encrypted passwords are in it, unless you leave them out.
    """
    if template and no_header:
        msg = "--template writes the header alone, and --no-header leaves it out: choose one."
        raise Refused(msg)
    if template and (filter_text is not None or sort is not None):
        msg = "--template writes the header alone: leave out --filter and --sort."
        raise Refused(msg)
    if delimiter and not for_excel:
        msg = "--delimiter is for spreadsheets: add --for-excel. Other files have commas."
        raise Refused(msg)
    path = None if file == "-" else paths.expanded(a_path(file))
    choices = ExportChoices(
        header=not no_header,
        passwords=not no_passwords,
        ids=not no_ids,
        for_excel=for_excel,
        delimiter=delimiter_typed(delimiter) if delimiter else Delimiter.COMMA,
        guard_formulas=guard_formulas,
    )
    users: list[User] = []
    of_all = None  # how many there are, where a filter chose among them
    if not template:
        kept = opened(context, store, read_only=read_only)
        # a mistyped store must not replace a good export by an empty one
        require_store(kept, "Nothing was exported.")
        users = chosen_users(kept, filter_text, sort)
        if filter_text is not None:
            of_all = len(kept.state.users)
            # nor must a filter that is out of date
            _require_some(users, filter_text, of_all)
    if path is None:
        _require_no_terminal()
        _to_standard_output(users, choices, of_all)
        return
    exported = _to_file(users, path, choices, force=force)
    with reporting("The file is written."):
        if template:
            say(f"Export complete. Header written to {visible(str(exported.path))}")
            return
        for sentence in replace(exported, out_of=of_all).sentences:
            say(sentence)


def _require_some(users: "list[User]", filter_text: str, of_all: int) -> None:
    if not users:
        shown = visible(filter_text, FILTER_SHOWN)
        msg = f"Nothing was exported: --filter {shown} finds none of {counted(of_all, 'user')}."
        raise Refused(msg)


def _to_file(users: "list[User]", path: Path, choices: ExportChoices, *, force: bool) -> "Exported":
    """Write a file.

    Raises:
        Refused: it could not be written.
    """
    from qm_tui.progress_line import progress_line
    from qm_tui.transfer.exporting.export import export_users

    with progress_line() as tick:
        return export_users(users, path, tick, overwrite=force, choices=choices)


def _require_no_terminal() -> None:
    """Make sure that the file is not written to a terminal.

    Raises:
        Refused: it would be.
    """
    if sys.stdout.isatty():
        msg = (
            "An export is not shown on a terminal: passwords may stand in it, and characters that "
            "a terminal obeys. Name a file, or send it on with > or |; qm-tui list shows users."
        )
        raise Refused(msg)


def _to_standard_output(users: "list[User]", choices: ExportChoices, of_all: int | None) -> None:
    """Write to standard output nothing but the file, and what to mind to standard error."""
    from qm_tui.transfer.exporting.export import write_users

    whole = BytesIO()
    exported = write_users(users, whole, choices=choices)  # wholly or not at all
    with saying():
        sys.stdout.buffer.write(whole.getbuffer())
        sys.stdout.buffer.flush()
    chosen = replace(exported, out_of=of_all)
    said = exported.notes if of_all is None else chosen.sentences
    for sentence in said if users else ():
        say(sentence, to_error=True)
