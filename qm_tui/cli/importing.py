"""`qm-tui import`: import users from a file."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qm_tui.cli.common import (
    UNLICENSED_HELP,
    ConfirmOption,
    DryRunOption,
    JsonOption,
    ReadOnlyOption,
    Status,
    StoreOption,
    a_path,
    opened,
    reporting,
    saved,
)
from qm_tui.errors import Refused
from qm_tui.output import say, say_json
from qm_tui.text import counted, visible
from qm_tui.transfer.options.import_options import CHOICE, Choices, Empty, Mode, UnknownID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qm_tui.progress import Tick
    from qm_tui.transfer.importing import Asked, Report
    from qm_tui.transfer.reading.read_options import ReadAs


class YesNo(StrEnum):
    """The value of a yes/no option."""

    YES = "yes"
    NO = "no"


def _option(key: str, text: str) -> Any:  # noqa: ANN401 - Typer's type of an option
    """Return the command-line option for an import option."""
    return typer.Option(CHOICE[key].flag, help=text, show_default=False)


def import_(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", parser=a_path, help="The .csv file to import.")
    ],
    mode: Annotated[
        Mode,
        _option(
            "mode",
            "Add and update users, only add or only update. Default: add-update.",
        ),
    ] = Mode.ADD_UPDATE,
    unknown_id: Annotated[
        UnknownID,
        _option(
            "unknown_id",
            "Reject records whose User ID is not in the store, or add users with these IDs. "
            "Default: reject.",
        ),
    ] = UnknownID.REJECT,
    match_user_name: Annotated[
        bool,
        _option(
            "match_user_name",
            "If a record has no User ID, update the user with its User Name. Default: add a user.",
        ),
    ] = False,
    empty: Annotated[
        Empty,
        _option(
            "empty",
            "For an empty cell, clear the stored value or keep it. Default: clear.",
        ),
    ] = Empty.CLEAR,
    allow_unlicensed: Annotated[bool, _option("allow_unlicensed", UNLICENSED_HELP)] = False,
    allow_renamed: Annotated[
        bool,
        _option("allow_renamed", "Allow updates that change both User Name and Last Name."),
    ] = False,
    take_numbers: Annotated[
        bool,
        _option(
            "take_numbers",
            "Import values that were altered by a spreadsheet. Default: keep the stored values.",
        ),
    ] = False,
    take_numbers_alias: Annotated[bool, typer.Option("--take-numbers", hidden=True)] = False,
    all_or_nothing: Annotated[
        bool, _option("all_or_nothing", "If a record is rejected, import nothing.")
    ] = False,
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
        YesNo | None,
        typer.Option(help="Header in the first row. Default: detected."),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            parser=a_path,
            help="TOML file that maps columns to fields. Default: map by header name.",
        ),
    ] = None,
    confirm: ConfirmOption = None,
    save_rejected: Annotated[
        bool,
        typer.Option(
            "--save-rejected",
            help="Save rejected records to NAME-rejected.csv, next to the imported file.",
        ),
    ] = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
    read_only: ReadOnlyOption = False,
) -> None:
    """Import users from a .csv file.

    All valid records are imported in one transaction. Rejected records are reported.
    """
    from qm_tui.progress_line import progress_line
    from qm_tui.transfer.importing import Asked, import_users

    choices = Choices(
        mode=mode,
        unknown_id=unknown_id,
        match_user_name=match_user_name,
        empty=empty,
        allow_unlicensed=allow_unlicensed,
        allow_renamed=allow_renamed,
        # --take-numbers is the former name of --use-altered-values, to be removed in 0.3
        take_numbers=take_numbers or take_numbers_alias,
        all_or_nothing=all_or_nothing,
    )
    asked = Asked(file, choices, _read_as(encoding, delimiter, header, mapping))
    users = opened(context, store, read_only=read_only)
    with progress_line() as tick:
        report = import_users(
            asked,
            users,
            tick,
            confirmed=confirm or 0,
            dry_run=dry_run,
            keeps_records=save_rejected,
        )
        sentences, error = _save_rejected(asked, report, tick) if save_rejected else ((), "")
    with reporting(saved(users) if report.committed else ""):
        if as_json:
            _print_json(report)
        else:
            _print_report(file, users.location, report, dry_run=dry_run)
            for sentence in sentences:
                say(sentence)
    if error:
        say(error, to_error=True)
    if report.plan.is_held_back:
        rejected = f"{report.plan.rejected:,} of {counted(report.plan.records, 'record')}"
        msg = (
            f"Nothing was imported: --all-or-nothing is set, and {rejected} would be rejected. "
            "Correct these records, or omit --all-or-nothing."
        )
        raise Refused(msg)
    if report.plan.rejected:
        raise typer.Exit(Status.IN_PART)


def _read_as(encoding: str, delimiter: str, header: YesNo | None, mapping: Path | None) -> "ReadAs":
    """Return the options for reading the file.

    Raises:
        Refused: the encoding, the delimiter or the mapping is invalid.
    """
    from qm_tui import paths
    from qm_tui.transfer.reading.dialect_names import delimiter_typed, encoding_typed
    from qm_tui.transfer.reading.read_options import ReadAs

    column_mapping = None
    if mapping is not None:
        from qm_tui.transfer.mapping.saved_mappings import read_mapping

        column_mapping = read_mapping(paths.expanded(mapping))
    return ReadAs(
        encoding_typed(encoding) if encoding else "",
        delimiter_typed(delimiter) if delimiter else "",
        None if header is None else header is YesNo.YES,
        column_mapping,
    )


def _save_rejected(asked: "Asked", report: "Report", tick: "Tick") -> tuple["Sequence[str]", str]:
    """Save the rejected records next to the file.

    Returns:
        What was saved, in sentences; and the error if only the import succeeded.

    Raises:
        Refused: they could not be saved, and nothing was imported.
        Cancelled: likewise.
    """
    from qm_tui.progress import Cancelled

    try:
        return _saved_rejected(asked, report, tick), ""
    except (Refused, Cancelled, KeyboardInterrupt) as error:
        if not report.committed:
            raise
        message = (
            str(error) if isinstance(error, Refused) else "The rejected records were not saved."
        )
        return (), f"{message} The import itself succeeded."


def _saved_rejected(asked: "Asked", report: "Report", tick: "Tick") -> "Sequence[str]":
    from qm_tui.transfer.rejected.save import free_path, left_out, rejections_of, save_rejected

    rejections = rejections_of(report.plan)
    if not rejections:
        return ["No records were rejected, so no file was written."]
    saved = save_rejected(
        asked.path,
        asked.read_as,
        rejections,
        free_path(asked.path),
        tick,
        signature=report.signature,
    )
    return [*saved.sentences, *left_out(report.plan, len(rejections))]


def _print_report(file: Path, location: str, report: "Report", *, dry_run: bool) -> None:
    from qm_tui.store.errors import STORE_CHANGED
    from qm_tui.transfer.planning.plan_text import preview_lines

    plan = report.plan
    for line in preview_lines(file, location, report.findings, plan):
        say(line)
    say()
    if report.store_moved_on:
        say(f"{STORE_CHANGED} The file was checked again.")
    records = counted(plan.records, "record")
    rejected = f" ({plan.rejected:,} rejected)" if plan.rejected else ""
    if not plan.writes and not plan.rejected:
        unchanged = "the record is" if plan.records == 1 else f"all {records} are"
        say(f"Nothing to import: {unchanged} unchanged.")
    elif dry_run:
        say(f"Would import {plan.imported:,} of {records}{rejected}.")
    else:
        say(f"Imported {plan.imported:,} of {records}{rejected}.")
    if not report.committed:
        say("The store was not changed.")


def _print_json(report: "Report") -> None:
    from qm_tui.transfer.planning.plan_text import cured_by, flag_text

    plan, findings = report.plan, report.findings
    values = {
        "records": plan.records,
        **{str(result): count for result, count in plan.counts.items()},
        "warned": plan.warned,
        "blank": findings.blank,
        "groups": [
            {
                "severity": str(group.severity),
                "reason": visible(group.reason),
                "records": group.records,
                "cure": flag_text(group.cure, cured)
                if group.cure and (cured := cured_by(group.cure, plan.choices))
                else None,
            }
            for group in plan.groups
        ],
        "problems": [
            {
                "severity": str(problem.severity),
                "line": problem.line,
                "record": problem.record,
                "field": problem.field.name if problem.field else None,
                "key": problem.field.key if problem.field else None,
                "value": visible(problem.value),
                "message": visible(problem.message),
                "remedy": visible(problem.remedy),
            }
            for problem in plan.problems
        ],
        "problems_left_out": plan.problem_count - len(plan.problems),
        "totals": {key: change._asdict() for key, change in plan.totals.items()},
        "must_confirm": plan.must_confirm,
        "findings": {
            "encoding": findings.dialect.encoding,
            "delimiter": findings.dialect.delimiter,
            "header": findings.dialect.has_header,
            "samples": [visible(sample) for sample in findings.samples],
            "ignored": [visible(name) for name in findings.columns.ignored],
            "absent": [field.key for field in findings.columns.absent],
            "short": findings.short,
        },
        "committed": report.committed,
    }
    say_json(values, indent=2)
