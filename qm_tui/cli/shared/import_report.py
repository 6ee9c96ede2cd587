"""The report about an import: as lines for people, and as JSON."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from qm_tui.cli.shared.change_report import (
    LISTED,
    changed_fields,
    changed_fields_text,
    user_label,
)
from qm_tui.output import print_json, print_line, with_old_keys
from qm_tui.store.errors import STORE_CHANGED
from qm_tui.store.state import State
from qm_tui.text import pluralize, sanitize
from qm_tui.transfer.importing import ImportReport
from qm_tui.transfer.planning.missing import MissingUsers
from qm_tui.transfer.planning.plan import ImportPlan, RecordOutcome, Result
from qm_tui.transfer.planning.plan_text import fixing_value, flag_text, preview_lines
from qm_tui.transfer.reading.file_report import FileReport
from qm_tui.users.fields import FIELD, User

MAX_RECORDS: Final = 10_000
"""The number of records, and of users that are not in the file, in JSON; all are counted."""


def print_text_report(
    file: Path, location: str, report: ImportReport, *, dry_run: bool, lists_all: bool
) -> None:
    """Print what an import did, or would do.

    Args:
        file: the file.
        location: the store, for people.
        report: the result.
        dry_run: whether nothing was to be imported; then the changes of users are listed.
        lists_all: whether all of them are listed, and not only the first `LISTED`.
    """
    plan = report.plan
    for line in preview_lines(file, location, report.file_report, plan):
        print_line(line)
    if dry_run:
        _print_updates(plan, None if lists_all else LISTED)
    if plan.missing:
        _print_missing(plan.missing, None if lists_all else LISTED)
    print_line()
    if report.store_changed:
        print_line(f"{STORE_CHANGED} The file was checked again.")
    records = pluralize(plan.records, "record")
    rejected = f" ({plan.rejected:,} rejected)" if plan.rejected else ""
    if not plan.write_count and not plan.rejected:
        unchanged = "the record is" if plan.records == 1 else f"all {records} are"
        print_line(f"Nothing to import: {unchanged} unchanged.")
    else:
        verb = "Would import" if dry_run else "Imported"
        print_line(f"{verb} {plan.imported:,} of {records}{rejected}.")
        if plan.inactivated and plan.write_count:
            verb = "Would inactivate" if dry_run else "Inactivated"
            print_line(f"{verb} {pluralize(plan.inactivated, 'user')} not in the file.")
    if not report.committed:
        print_line("The store was not changed.")


def _print_updates(plan: ImportPlan, limit: int | None) -> None:
    """Print who would be changed, and how."""
    for index, (line, before, after) in enumerate(islice(plan.user_updates(), limit)):
        if not index:
            print_line("\nChanges:")
        print_line(f"Line {line}, {user_label(before)}: {changed_fields_text(before, after)}")
    more = plan.counts[Result.CHANGED] - limit if limit is not None else 0
    if more > 0:
        print_line(f"… and {pluralize(more, 'more change')}. Use --verbose to list all changes.")


def _print_missing(missing: MissingUsers, limit: int | None) -> None:
    """Print which active users are not in the file."""
    users = missing.users[:limit]
    if users:
        print_line("\nNot in the file:")
    for user in users:
        print_line(user_label(user))
    if len(users) < len(missing.users):
        print_line(f"… and {pluralize(len(missing.users) - len(users), 'more user')}.")


def print_json_report(report: ImportReport, state: State) -> None:
    """Print what an import did, or would do, as JSON.

    Args:
        report: the result; its plan has outcomes.
        state: the state of the store after it.
    """
    plan = report.plan
    outcomes = plan.outcomes or ()
    not_in_file = list(islice(_users_not_in_file(plan, state), MAX_RECORDS))
    values = {
        "record_count": plan.records,
        **{str(result): count for result, count in plan.counts.items()},
        "warned": plan.warning_count,
        "kept_values": plan.kept_values,
        "blank": report.file_report.blank,
        "groups": _groups(plan),
        "problems": _problems(plan),
        "problems_omitted": plan.issue_count - len(plan.issues),
        "records": [_record(outcome) for outcome in islice(outcomes, MAX_RECORDS)],
        "records_omitted": max(0, plan.records - MAX_RECORDS),
        "not_in_file": [
            {"user_id": user.user_id, "user_name": user.user_name} for user in not_in_file
        ],
        "not_in_file_omitted": plan.not_in_file_count - len(not_in_file),
        "missing": _missing(plan.missing),
        "inactivated": plan.inactivated,
        "without_password": plan.without_password,
        "totals": {key: change._asdict() for key, change in plan.totals.items()},
        "required_confirmation": plan.required_confirmation,
        "file": _file(report.file_report),
        "committed": report.committed,
        "transaction": report.transaction,
    }
    print_json(
        with_old_keys(
            values,
            problems_left_out="problems_omitted",
            must_confirm="required_confirmation",
            findings="file",
        ),
        indent=2,
    )


def _missing(missing: MissingUsers | None) -> dict[str, Any] | None:
    if missing is None:
        return None
    listed = missing.users[:MAX_RECORDS]
    return {
        "expected": missing.expected,
        "unknown": missing.unknown or None,
        "users": [{"user_id": user.user_id, "user_name": user.user_name} for user in listed],
        "users_omitted": len(missing.users) - len(listed),
    }


def _users_not_in_file(plan: ImportPlan, state: State) -> Iterator[User]:
    """Yield the users that are not in the file, without those that the import added."""
    if plan.not_in_file is not None:
        for batch in state.stream(plan.not_in_file):
            yield from (user for user in batch if user.user_id not in plan.changes)


def _groups(plan: ImportPlan) -> list[dict[str, Any]]:
    groups = []
    for group in plan.groups:
        option = group.fixing_option
        fixed = fixing_value(option, plan.options) if option else None
        values = {
            "severity": str(group.severity),
            "reason": sanitize(group.reason),
            "records": group.records,
            "fixing_option": flag_text(option, fixed) if option and fixed else None,
        }
        groups.append(with_old_keys(values, cure="fixing_option"))
    return groups


def _problems(plan: ImportPlan) -> list[dict[str, Any]]:
    return [
        with_old_keys(
            {
                "severity": str(problem.severity),
                "line": problem.line,
                "record": problem.record,
                "field": problem.field.name if problem.field else None,
                "key": problem.field.key if problem.field else None,
                "value": sanitize(problem.value),
                "message": sanitize(problem.message),
                "fix": sanitize(problem.fix),
            },
            remedy="fix",
        )
        for problem in plan.issues
    ]


def _record(outcome: RecordOutcome) -> dict[str, Any]:
    """Return the result of a record. A new user without a User ID yet has none."""
    own = None if outcome.values_may_be_shifted else outcome.values
    known = [values for values in (outcome.user, own, outcome.stored) if values]
    user_id, user_name = (
        next(filter(None, (values[FIELD[key].index] for values in known)), None)
        for key in ("user_id", "user_name")
    )
    before, after = outcome.stored, outcome.user
    return {
        "line": outcome.line,
        "result": str(outcome.result),
        "user_id": user_id,
        "user_name": user_name,
        "changes": _changes(before, after) if before is not None and after is not None else [],
    }


def _changes(before: User, after: User) -> list[dict[str, Any]]:
    """Return the changed fields with both values; secrets are null."""
    return [
        {
            "field": field.name,
            "key": field.key,
            "before": None if field.is_secret else before[field.index],
            "after": None if field.is_secret else after[field.index],
        }
        for field in changed_fields(before, after)
    ]


def _file(file_report: FileReport) -> dict[str, Any]:
    dialect = file_report.dialect
    return {
        "encoding": dialect.encoding,
        "delimiter": dialect.delimiter,
        "header": dialect.has_header,
        "samples": [sanitize(sample) for sample in file_report.samples],
        "ignored": [sanitize(name) for name in file_report.columns.ignored],
        "absent": [field.key for field in file_report.columns.absent],
        "short": file_report.short,
        "incomplete": bool(file_report.incomplete),
        "header_line": dialect.header_line or None,
        "skipped_lines": list(file_report.skipped_lines),
        "repeated_headers": list(file_report.repeated_headers),
        "byte_order_marks": list(file_report.marked_lines),
        "end_of_file_mark": dialect.end is not None,
    }
