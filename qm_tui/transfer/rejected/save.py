"""Saving of rejected records to a file, where they can be corrected and imported.

Source: the users file, section 3, "Rejected records can be saved". Records go to
`NAME-rejected.csv` with their problems and original cells, in the format of the imported file;
unreadable lines go to `NAME-unreadable.txt` unchanged.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from qm_tui.directory import DirectorySyncError
from qm_tui.errors import UserError, os_error_text
from qm_tui.paths import abbreviate_home
from qm_tui.progress import ProgressCallback, ignore_progress
from qm_tui.text import pluralize, sanitize, with_full_stop
from qm_tui.transfer.exporting.export import export_path
from qm_tui.transfer.planning.plan import ImportPlan, RecordOutcomes
from qm_tui.transfer.reading.read_options import ReadOptions
from qm_tui.transfer.reading.reader import UsersFile, Values
from qm_tui.transfer.rejected.files import (
    NOTHING_SAVED,
    RejectedFilesResult,
    RejectedFilesWriter,
    SourceFile,
    TargetPaths,
    file_changed_error,
)
from qm_tui.transfer.rejected.names import free_path, rejected_path, unreadable_path
from qm_tui.users.issues import Issue, Severity

__all__ = [
    "RejectedFilesResult",
    "free_path",
    "issues_text",
    "rejected_path",
    "rejection_reasons",
    "save_rejected",
    "unreadable_path",
]


def issues_text(issues: Iterable[Issue]) -> str:
    """Return the errors of a record and their fixes, for the Problems column."""
    sentences = []
    for issue in issues:
        if issue.severity is Severity.ERROR:
            name = issue.field.name if issue.field else ""
            prefix = "" if issue.message.startswith(name) else f"{name}: "
            sentences.append(f"{prefix}{with_full_stop(issue.message)} {issue.fix}")
    return " ".join(sentences)


def rejection_reasons(plan: ImportPlan) -> dict[int, str]:
    """Return by record number the `issues_text` of the rejected records of a plan.

    Args:
        plan: a plan with its outcomes.
    """
    outcomes = plan.outcomes or RecordOutcomes()
    return {number: issues_text(outcomes.issues[number]) for number in sorted(outcomes.values)}


def unsaved_records_text(plan: ImportPlan, saved: int) -> list[str]:
    """Return a message about rejected records that the plan does not contain, if there are any."""
    more = plan.rejected - saved
    return (
        [f"Not saved: {pluralize(more, 'more rejected record')} (limit reached)."] if more else []
    )


def save_rejected(
    path: Path,
    read_options: ReadOptions,
    problems_by_number: Mapping[int, str],
    target: Path,
    progress: ProgressCallback = ignore_progress,
    *,
    overwrite: bool = False,
    corrections: Mapping[int, Values] | None = None,
    signature: tuple[int, ...] | None = None,
) -> RejectedFilesResult:
    """Write the rejected records of a file to one file, and its unreadable lines to another.

    Both are written atomically, and readable only by their owner, as they contain passwords.

    Args:
        path: the imported file.
        read_options: the options with which it was read.
        problems_by_number: the problems of each rejected record, by its number in the file.
        target: the file for the records; `.csv` is appended if it is missing. Unreadable lines go
            to its `unreadable_path`.
        progress: progress callback; may raise `Cancelled`, which leaves nothing behind.
        overwrite: whether existing files may be replaced.
        corrections: by record number, corrected values of records that are still rejected; they
            replace the cells.
        signature: the signature of the file when it was planned.

    Raises:
        TargetExists: a file exists, and `overwrite` is False. The text suggests a free name.
        UserError: there are no rejected records, the imported file has changed or cannot be read,
            or nothing can be written.
    """
    target = export_path(target)
    with UsersFile(path, read_options) as file:
        known = SourceFile(
            file.file_report.dialect, file.file_report.columns, file.size, file.signature
        )
    if not problems_by_number:
        msg = f"{sanitize(abbreviate_home(path))} has no rejected records. {NOTHING_SAVED}"
        raise UserError(msg)
    if signature not in (None, known.signature):
        raise file_changed_error(path)
    saving = RejectedFilesWriter(
        path,
        known,
        problems_by_number,
        corrections or {},
        TargetPaths(target, unreadable_path(target)),
        overwrite,
        progress,
    )
    try:
        saving.require_targets()
        try:
            return saving.write(known.dialect.encoding)
        except UnicodeEncodeError:
            return saving.write("utf-8-sig")
    except UnicodeEncodeError as error:
        msg = (
            "A corrected value contains an invalid character (unpaired surrogate). "
            f"{NOTHING_SAVED} Correct the value first."
        )
        raise UserError(msg) from error
    except FileExistsError as error:
        raise saving.target_exists_error() from error
    except DirectorySyncError as error:
        msg = (
            "The rejected records were saved, but may be lost in a power failure: syncing the "
            f"folder of {sanitize(abbreviate_home(target))} failed ({os_error_text(error)}). Save "
            "them again."
        )
        raise UserError(msg) from error
    except OSError as error:
        msg = (
            f"Cannot write {sanitize(abbreviate_home(target))}: {os_error_text(error)}. "
            f"{NOTHING_SAVED}"
        )
        raise UserError(msg) from error
