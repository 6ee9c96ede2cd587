"""`qm-tui import`: a file into the store."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qm_tui.cli.common import (
    JsonOption,
    ReadOnlyOption,
    Status,
    StoreOption,
    a_path,
    how_many,
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
    """An answer."""

    YES = "yes"
    NO = "no"


def _option(key: str) -> Any:  # noqa: ANN401 - what Typer calls an option
    """The flag of a choice, explained."""
    choice = CHOICE[key]
    ways = "; ".join(
        f"{option.value} = {option.words}" if isinstance(option.value, StrEnum) else option.words
        for option in choice.options
        if option.value is not False
    )
    return typer.Option(choice.flag, help=f"{choice.title}: {ways}.")


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", parser=a_path, help="The .csv file.")],
    mode: Annotated[Mode, _option("mode")] = Mode.ADD_UPDATE,
    unknown_id: Annotated[UnknownID, _option("unknown_id")] = UnknownID.REJECT,
    match_user_name: Annotated[bool, _option("match_user_name")] = False,
    empty: Annotated[Empty, _option("empty")] = Empty.CLEAR,
    allow_unlicensed: Annotated[bool, _option("allow_unlicensed")] = False,
    allow_renamed: Annotated[bool, _option("allow_renamed")] = False,
    take_numbers: Annotated[bool, _option("take_numbers")] = False,
    all_or_nothing: Annotated[bool, _option("all_or_nothing")] = False,
    encoding: Annotated[
        str, typer.Option(help="The file's encoding, where it is found out wrongly.")
    ] = "",
    delimiter: Annotated[
        str, typer.Option(help="The file's delimiter: comma, semicolon, tab, bar, or the sign.")
    ] = "",
    header: Annotated[
        YesNo | None, typer.Option(help="Whether the first row names the columns.")
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            parser=a_path,
            help="A TOML file that says which column holds which field.",
        ),
    ] = None,
    confirm: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            parser=how_many,
            help="Confirm a mass change with the number of its users.",
        ),
    ] = None,
    save_rejected: Annotated[
        bool,
        typer.Option(
            "--save-rejected", help="Save rejected records beside the file, as NAME-rejected.csv."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen, and leave the store as it is.")
    ] = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
    read_only: ReadOnlyOption = False,
) -> None:
    """Import users from a .csv file: all valid records, in one transaction."""
    from qm_tui.progress_line import progress_line
    from qm_tui.transfer.importing import Asked, import_users

    choices = Choices(
        mode=mode,
        unknown_id=unknown_id,
        match_user_name=match_user_name,
        empty=empty,
        allow_unlicensed=allow_unlicensed,
        allow_renamed=allow_renamed,
        take_numbers=take_numbers,
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
        kept, unkept = _save_rejected(asked, report, tick) if save_rejected else ((), "")
    with reporting(saved(users) if report.committed else ""):
        if as_json:
            _print_json(report)
        else:
            _print_report(file, users.location, report, dry_run=dry_run)
            for sentence in kept:
                say(sentence)
    if unkept:
        say(unkept, to_error=True)
    if report.plan.is_held_back:
        rejected = f"{report.plan.rejected:,} of {counted(report.plan.records, 'record')}"
        msg = f"Nothing was imported: {rejected} would be rejected, and it is all or nothing."
        raise Refused(msg)
    if report.plan.rejected:
        raise typer.Exit(Status.IN_PART)


def _read_as(encoding: str, delimiter: str, header: YesNo | None, mapping: Path | None) -> "ReadAs":
    """How the file is to be read.

    Raises:
        Refused: there is no such encoding or delimiter, or the mapping cannot be used.
    """
    from qm_tui import paths
    from qm_tui.transfer.reading.dialect_names import delimiter_typed, encoding_typed
    from qm_tui.transfer.reading.read_options import ReadAs

    pairs = None
    if mapping is not None:
        from qm_tui.transfer.mapping.saved_mappings import read_mapping

        pairs = read_mapping(paths.expanded(mapping))
    return ReadAs(
        encoding_typed(encoding) if encoding else "",
        delimiter_typed(delimiter) if delimiter else "",
        None if header is None else header is YesNo.YES,
        pairs,
    )


def _save_rejected(asked: "Asked", report: "Report", tick: "Tick") -> tuple["Sequence[str]", str]:
    """Save the rejected records beside the file.

    Returns:
        What was saved, in sentences; and why nothing was, where an import stands nevertheless.

    Raises:
        Refused: they could not be saved, and nothing was imported either.
        Cancelled: likewise.
    """
    from qm_tui.progress import Cancelled

    try:
        return _saved_rejected(asked, report, tick), ""
    except (Refused, Cancelled, KeyboardInterrupt) as error:
        if not report.committed:
            raise
        why = str(error) if isinstance(error, Refused) else "The rejected records were not saved."
        return (), f"{why} What was imported stays."


def _saved_rejected(asked: "Asked", report: "Report", tick: "Tick") -> "Sequence[str]":
    from qm_tui.transfer.rejected.save import free_path, left_out, rejections_of, save_rejected

    rejections = rejections_of(report.plan)
    if not rejections:
        return ["No record was rejected, so none was saved."]
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
    from qm_tui.transfer.planning.plan_text import preview_lines

    plan = report.plan
    for line in preview_lines(file, location, report.findings, plan):
        say(line)
    say()
    if report.store_moved_on:
        say("Somebody else changed the store meanwhile; the file was checked against it again.")
    done = "Would import" if dry_run else "Imported"
    rejected = f", {plan.rejected:,} rejected" if plan.rejected else ""
    unchanged = ", all unchanged" if not plan.writes and not plan.rejected else ""
    say(f"{done} {plan.imported:,} of {counted(plan.records, 'record')}{rejected}{unchanged}.")
    if not report.committed:
        say("The store was not changed.")


def _print_json(report: "Report") -> None:
    from qm_tui.transfer.planning.plan_text import cured_by, flag_text

    plan, findings = report.plan, report.findings
    said = {
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
    say_json(said, indent=2)
