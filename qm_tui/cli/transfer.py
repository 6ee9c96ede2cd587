"""`qm-tui import` and `qm-tui export`: files in and out."""

import sys
from contextlib import suppress
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qm_tui import places
from qm_tui.cli.common import (
    JsonOption,
    ReadOnlyOption,
    Status,
    StoreOption,
    opened,
    require_store,
    tidy_up,
)
from qm_tui.text import counted, json_text, visible

if TYPE_CHECKING:
    from qm_tui.transfer.importing import Report
    from qm_tui.users.fields import User


class UnknownIDOption(StrEnum):
    """What becomes of a record whose User ID is not known; the import's own words."""

    reject = "reject"
    add = "add"


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The .csv file.")],
    unknown_id: Annotated[
        UnknownIDOption,
        typer.Option(
            help="What to do with a record whose User ID is not known in the store. An empty "
            "store takes it either way."
        ),
    ] = UnknownIDOption.reject,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen, and write nothing.")
    ] = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
    read_only: ReadOnlyOption = False,
) -> None:
    """Import users from a .csv file: all valid records, in one transaction."""
    from qm_tui.progress_line import progress_line
    from qm_tui.transfer.importing import import_users
    from qm_tui.transfer.plan import Choices, UnknownID

    users = opened(context, store, read_only=read_only)
    with progress_line() as tick:
        report = import_users(
            file, users, Choices(UnknownID(unknown_id.value)), tick, dry_run=dry_run
        )
    with suppress(KeyboardInterrupt):  # it is done: whoever stops the report has seen enough
        if as_json:
            _print_json(report)
        else:
            _print_report(report, dry_run=dry_run)
        sys.stdout.flush()
    if report.committed:
        tidy_up(users)
    if report.plan.rejected:
        raise typer.Exit(Status.IN_PART)


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
    store: StoreOption = None,
    read_only: ReadOnlyOption = False,
) -> None:
    """Export all users to a .csv file that only you can read. It holds their passwords."""
    from qm_tui.progress_line import progress_line
    from qm_tui.transfer.exporting import export_users, write_users

    users: list[User] = []
    if not template:
        kept = opened(context, store, read_only=read_only)
        # a mistyped store must not replace a good export by an empty one
        require_store(kept, "Nothing was exported.")
        users = list(kept.state.users.values())
    if file == "-":
        whole = BytesIO()
        write_users(users, whole)  # wholly or not at all
        sys.stdout.buffer.write(whole.getbuffer())
        sys.stdout.buffer.flush()
        return
    with progress_line() as tick:
        path = export_users(users, places.expanded(Path(file)), tick, overwrite=force)
    what = "The header" if template else counted(len(users), "user")
    print(f"Export complete. {what} written to {visible(str(path))}")


def _print_report(report: "Report", *, dry_run: bool) -> None:
    from qm_tui.users.problems import Severity

    plan = report.plan
    for sentence in report.findings.sentences:
        print(sentence)
    for problem in plan.problems:
        where = f"Line {problem.line}"
        if problem.user:
            where += f", {visible(problem.user, 60)}"
        where += ", rejected" if problem.severity is Severity.ERROR else ", imported, but look"
        print(f"{where}: {visible(problem.message)}. {visible(problem.remedy)}")
    if report.store_moved_on:
        print("Somebody else changed the store meanwhile; the file was checked against it again.")
    done = "Would import" if dry_run else "Imported"
    rejected = f", {plan.rejected:,} rejected" if plan.rejected else ""
    print(f"{done} {plan.imported:,} of {counted(plan.records, 'record')}{rejected}.")
    print(
        f"{len(plan.added):,} added, {plan.changed:,} changed, {plan.unchanged:,} unchanged."
        + (" Nothing was written." if not report.committed else "")
    )


def _print_json(report: "Report") -> None:
    plan, findings = report.plan, report.findings
    said = {
        "records": plan.records,
        **{str(result): count for result, count in plan.counts().items()},
        "blank": findings.blank,
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
    print(json_text(said, indent=2))
