"""`qm-tui import`: import users from a file."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from qm_tui.cli.shared import common
from qm_tui.cli.shared.import_report import print_json_report, print_text_report
from qm_tui.cli.shared.import_request import (
    YesNo,
    missing_policy,
    parse_limit,
    read_options,
    with_defaults,
)
from qm_tui.cli.shared.selection import translating_filter_errors
from qm_tui.errors import UserError
from qm_tui.output import print_line
from qm_tui.progress import Cancelled, ProgressCallback
from qm_tui.progress_line import progress_line
from qm_tui.text import pluralize
from qm_tui.transfer.importing import ImportReport, ImportRequest, import_users
from qm_tui.transfer.options.import_options import (
    IMPORT_OPTION,
    EmptyCellAction,
    ImportMode,
    ImportOptions,
    MissingPassword,
    NewValues,
    ShortRecords,
    SpreadsheetValues,
    UnknownIdAction,
)
from qm_tui.transfer.planning.missing import Limit, MissingAction
from qm_tui.transfer.reading.source import STANDARD_INPUT, spool_standard_input
from qm_tui.transfer.rejected import save

_HELP: Final = {
    "mode": "Add and update users, only add or only update. Default: add-update.",
    "unknown_id": "Reject records whose User ID is not in the store, or add users with these IDs. "
    "Default: reject.",
    "match_user_name": "If a record has no User ID, update the user with its User Name. Default: "
    "add a user.",
    "empty": "For an empty cell, clear the stored value or keep it. Default: clear.",
    "allow_unlicensed": common.UNLICENSED_HELP,
    "allow_renamed": "Allow updates that change both User Name and Last Name.",
    "spreadsheet_values": "For a value that was altered by a spreadsheet, keep the stored value or "
    "use the file's. Default: stored.",
    "short_records": "Import records with fewer values than columns with a warning, or reject "
    "them. Default: warn if standard error is a terminal, otherwise reject.",
    "read_booleans": "Convert TRUE/FALSE, yes/no and 1.0/0.0 in yes/no fields. Default: reject "
    "them.",
    "new_values": "Accept or reject records with a department, location, profile or recording "
    "service that no user has yet. Default: accept.",
    "missing_password": "For a new user without Password, reject the record, or add the user with "
    "a random password that cannot be used. Default: reject.",
    "all_or_nothing": "If a record is rejected, import nothing.",
}
"""The help of each import option."""


def _option(key: str) -> Any:  # noqa: ANN401 - Typer's type of an option
    """Return the command-line option for an import option."""
    return typer.Option(IMPORT_OPTION[key].flag, help=_HELP[key], show_default=False)


def _parse_source(text: str) -> Path:
    """Return the path of the file to import; `-` is standard input.

    Raises:
        typer.BadParameter: it is empty, or the URL of a store.
    """
    return STANDARD_INPUT if text == "-" else common.parse_path(text)


def import_(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            parser=_parse_source,
            help="The .csv file to import, or - for standard input.",
        ),
    ],
    mode: Annotated[ImportMode, _option("mode")] = ImportMode.ADD_UPDATE,
    unknown_id: Annotated[UnknownIdAction, _option("unknown_id")] = UnknownIdAction.REJECT,
    match_user_name: Annotated[bool, _option("match_user_name")] = False,
    empty: Annotated[EmptyCellAction, _option("empty")] = EmptyCellAction.CLEAR,
    allow_unlicensed: Annotated[bool, _option("allow_unlicensed")] = False,
    allow_renamed: Annotated[bool, _option("allow_renamed")] = False,
    spreadsheet_values: Annotated[
        SpreadsheetValues, _option("spreadsheet_values")
    ] = SpreadsheetValues.STORED,
    use_altered_values: Annotated[
        bool, typer.Option("--use-altered-values", "--take-numbers", hidden=True)
    ] = False,
    short_records: Annotated[ShortRecords | None, _option("short_records")] = None,
    read_booleans: Annotated[bool, _option("read_booleans")] = False,
    new_values: Annotated[NewValues, _option("new_values")] = NewValues.ACCEPT,
    missing_password: Annotated[
        MissingPassword, _option("missing_password")
    ] = MissingPassword.REJECT,
    all_or_nothing: Annotated[bool, _option("all_or_nothing")] = False,
    encoding: Annotated[
        str,
        typer.Option(metavar="NAME", help="File encoding. Default: detected.", show_default=False),
    ] = "",
    delimiter: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Delimiter: comma, semicolon, tab, bar or a character. Default: detected.",
            show_default=False,
        ),
    ] = "",
    header: Annotated[
        YesNo | None, typer.Option(help="Whether the file has a header. Default: detected.")
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(
            metavar="NAME|FILE",
            parser=common.parse_path,
            help="Saved mapping, or TOML file, that maps columns and values to fields. Default: "
            "map by header name.",
        ),
    ] = None,
    default: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="Value of new users if the file has none, for example location=Oslo. Can be "
            "repeated.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--like",
            metavar="USER",
            help="For new users, copy department, location, profiles, licenses and yes/no fields "
            "from USER if the file has no values.",
            show_default=False,
        ),
    ] = None,
    missing: Annotated[
        MissingAction | None,
        typer.Option(
            help="List active users that are not in the file, or inactivate them. Default: "
            "neither.",
            show_default=False,
        ),
    ] = None,
    missing_of: Annotated[
        str | None,
        typer.Option(
            metavar="FILTER",
            help="Filter of the users that the file should contain. Default: all active users.",
            show_default=False,
        ),
    ] = None,
    max_changes: Annotated[
        Limit | None,
        typer.Option(
            metavar="N|P%",
            parser=parse_limit,
            help="Import nothing if more users would be added, changed or inactivated: a number, "
            "or a percentage of all users.",
            show_default=False,
        ),
    ] = None,
    max_missing: Annotated[
        Limit | None,
        typer.Option(
            metavar="N|P%",
            parser=parse_limit,
            help="Import nothing if more users are missing: a number, or a percentage of the "
            "active users that the file should contain.",
            show_default=False,
        ),
    ] = None,
    confirm: common.ConfirmOption = None,
    save_rejected: Annotated[
        bool,
        typer.Option(
            "--save-rejected",
            help="Save rejected records to NAME-rejected.csv, next to the imported file.",
        ),
    ] = False,
    dry_run: common.DryRunOption = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", help="With --dry-run, list all changes of users. Default: the first 20."
        ),
    ] = False,
    as_json: common.JsonOption = False,
    store: common.StoreOption = None,
    read_only: common.ReadOnlyOption = False,
) -> None:
    """Import users from a .csv file.

    All valid records are imported in one transaction. Rejected records are reported.
    """
    if verbose and not dry_run:
        raise UserError("--verbose requires --dry-run.")
    if max_missing is not None and missing is None:
        raise UserError("--max-missing requires --missing.")
    if save_rejected and file == STANDARD_INPUT:
        raise UserError("--save-rejected cannot be combined with standard input.")
    options = ImportOptions(
        mode=mode,
        unknown_id=unknown_id,
        match_user_name=match_user_name,
        empty=empty,
        allow_unlicensed=allow_unlicensed,
        allow_renamed=allow_renamed,
        # the former flags, to be removed in 0.3
        spreadsheet_values=SpreadsheetValues.FILE if use_altered_values else spreadsheet_values,
        short_records=short_records or _default_for_short_records(),
        read_booleans=read_booleans,
        new_values=new_values,
        missing_password=missing_password,
        all_or_nothing=all_or_nothing,
    )
    reading = read_options(encoding, delimiter, header, mapping)
    policy = missing_policy(missing, missing_of)
    users = common.open_store_from_options(context, store, read_only=read_only)
    request = ImportRequest(
        file,
        options,
        with_defaults(reading, default or (), model, users.state),
        missing=policy,
        max_changes=max_changes,
        max_missing=max_missing,
    )
    if file == STANDARD_INPUT:
        spool_standard_input()
    with progress_line() as progress, translating_filter_errors(missing_of):
        report = import_users(
            request,
            users,
            progress,
            confirmed=confirm or 0,
            dry_run=dry_run,
            with_records=save_rejected or as_json,
        )
        sentences, error = _save_rejected(request, report, progress) if save_rejected else ((), "")
    with common.report_errors(common.saved_text(users) if report.committed else ""):
        if as_json:
            print_json_report(report, users.state)
        else:
            print_text_report(file, users.location, report, dry_run=dry_run, lists_all=verbose)
            for message in sentences:
                print_line(message)
    if error:
        print_line(error, to_error=True)
    if dry_run:
        request.require_limits(report.plan)
    if report.plan.is_blocked:
        rejected = f"{report.plan.rejected:,} of {pluralize(report.plan.records, 'record')}"
        raise UserError(
            f"Nothing was imported: --all-or-nothing is set, and {rejected} would be rejected. "
            "Correct these records, or omit --all-or-nothing."
        )
    if report.plan.rejected or report.plan.kept_values:
        raise typer.Exit(common.Status.PARTIAL)


def _default_for_short_records() -> ShortRecords:
    """Return `reject` if no one may see the warnings: standard error is not a terminal."""
    return ShortRecords.WARN if sys.stderr.isatty() else ShortRecords.REJECT


def _save_rejected(
    request: ImportRequest, report: ImportReport, progress: ProgressCallback
) -> tuple[Sequence[str], str]:
    """Save the rejected records next to the file.

    Returns:
        What was saved, in sentences; and the error if only the import succeeded.

    Raises:
        UserError: they could not be saved, and nothing was imported.
        Cancelled: likewise.
    """
    try:
        return _write_rejected(request, report, progress), ""
    except (UserError, Cancelled, KeyboardInterrupt) as error:
        if not report.committed:
            raise
        message = (
            str(error) if isinstance(error, UserError) else "The rejected records were not saved."
        )
        return (), f"{message} The import itself succeeded."


def _write_rejected(
    request: ImportRequest, report: ImportReport, progress: ProgressCallback
) -> Sequence[str]:
    rejections = save.rejection_reasons(report.plan)
    if not rejections:
        return ["No records were rejected, so no file was written."]
    saved = save.save_rejected(
        request.path,
        request.read_options,
        rejections,
        save.free_path(request.path),
        progress,
        signature=report.signature,
    )
    return [*saved.messages, *save.unsaved_records_text(report.plan, len(rejections))]
