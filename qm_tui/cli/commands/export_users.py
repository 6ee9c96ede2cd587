"""`qm-tui export`: export users to a file."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from io import BytesIO
from typing import Annotated, Any, Final

import typer

from qm_tui import paths
from qm_tui.cli.shared import common
from qm_tui.cli.shared.selection import (
    FilterOption,
    SortOption,
    no_match,
    query_from_options,
    stream_users,
    translating_filter_errors,
)
from qm_tui.errors import UserError
from qm_tui.output import print_line, translating_output_errors
from qm_tui.progress_line import progress_line
from qm_tui.text import sanitize
from qm_tui.transfer.exporting.export import export_users, require_secrets, write_users
from qm_tui.transfer.options.export_options import (
    EXPORT_OPTION,
    Delimiter,
    ExportOptions,
    parse_export_delimiter,
)
from qm_tui.users.fields import User

_NOTHING: Final = "Nothing was exported."


def _flag(key: str) -> Any:  # noqa: ANN401 - Typer's type of an option
    """Return the command-line option for a yes/no export option."""
    option = EXPORT_OPTION[key]
    return typer.Option(option.flag, help=option.values[1].help)


def export(
    context: typer.Context,
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="The .csv file to write, or - for standard output."),
    ],
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    template: Annotated[bool, typer.Option("--template", help="Write only the header.")] = False,
    no_header: Annotated[bool, _flag("header")] = False,
    no_passwords: Annotated[bool, _flag("passwords")] = False,
    no_ids: Annotated[bool, _flag("ids")] = False,
    for_excel: Annotated[bool, _flag("for_excel")] = False,
    delimiter: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Delimiter for --for-excel: comma, semicolon, tab or bar. Excel in German, French "
            "and other languages needs semicolon. Default: comma.",
            show_default=False,
        ),
    ] = "",
    guard_formulas: Annotated[bool, _flag("guard_formulas")] = False,
    filter_text: FilterOption = None,
    sort: SortOption = None,
    store: common.StoreOption = None,
    read_only: common.ReadOnlyOption = False,
) -> None:
    """Export users to a .csv file.

    The file contains encrypted passwords unless you use --no-passwords. Only you can read it.
    """
    for option, is_given in (
        ("--no-header", no_header),
        ("--filter", filter_text is not None),
        ("--sort", sort is not None),
    ):
        if template and is_given:
            raise UserError(f"--template and {option} cannot be combined.")
    if delimiter and not for_excel:
        raise UserError("--delimiter requires --for-excel.")
    path = None if file == "-" else paths.expand_home(common.parse_path(file))
    options = ExportOptions(
        header=not no_header,
        passwords=not no_passwords,
        ids=not no_ids,
        for_excel=for_excel,
        delimiter=parse_export_delimiter(delimiter) if delimiter else Delimiter.COMMA,
        guard_formulas=guard_formulas,
    )
    users: Iterable[Sequence[User]] = ()
    count = 0
    of_all = None  # the number of all users, if there is a filter
    if not template:
        # neither a mistyped store nor a filter without matches may replace an earlier export
        user_store = common.open_store_from_options(
            context, store, read_only=read_only, otherwise=_NOTHING
        )
        state = user_store.state
        require_secrets(state, options)
        query = query_from_options(filter_text, sort)
        with translating_filter_errors(filter_text):
            count = state.count(query).number
        if filter_text is not None:
            if not count:
                raise no_match(filter_text, _NOTHING)
            of_all = state.total
        users = stream_users(state, query, filter_text)
    if path is None:
        _to_standard_output(users, count, options, of_all)
        return
    with progress_line() as progress:
        exported = export_users(users, count, path, progress, overwrite=force, options=options)
    with common.report_errors("The file was written."):
        if template:
            print_line(f"Export complete. Header written to {sanitize(str(exported.path))}")
            return
        for message in replace(exported, out_of=of_all).messages:
            print_line(message)


def _to_standard_output(
    users: Iterable[Sequence[User]], count: int, options: ExportOptions, of_all: int | None
) -> None:
    """Write the file to standard output, and the messages to standard error.

    Raises:
        UserError: standard output is a terminal.
    """
    if sys.stdout.isatty():
        raise UserError(
            "Cannot export to a terminal: passwords and control characters would be shown. "
            f"{_NOTHING} Enter a file name, or redirect the output. To show users, run qm-tui list."
        )
    content = BytesIO()
    # fails before anything is printed
    exported = write_users(users, count, content, options=options)
    rest = content.getbuffer()
    with translating_output_errors():
        while rest:  # with PYTHONUNBUFFERED, a part of it may be written
            rest = rest[sys.stdout.buffer.write(rest) :]
        sys.stdout.buffer.flush()
    sentences = exported.notes if of_all is None else replace(exported, out_of=of_all).messages
    for message in sentences if exported.users else ():
        print_line(message, to_error=True)
