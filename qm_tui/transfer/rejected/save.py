"""Saving of rejected records to a file, where they can be corrected and imported.

Source: the users file, section 3, "Rejected records can be saved". Records go to
`NAME-rejected.csv` with their problems and original cells, in the format of the imported file;
unreadable lines go to `NAME-unreadable.txt` unchanged.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from qm_tui.directory import NotDurable
from qm_tui.errors import Refused, reason
from qm_tui.paths import short
from qm_tui.progress import Tick, no_tick
from qm_tui.text import counted, sentence, visible
from qm_tui.transfer.exporting.export import export_path
from qm_tui.transfer.planning.plan import Outcomes, Plan
from qm_tui.transfer.reading.read_options import ReadAs
from qm_tui.transfer.reading.reader import UsersFile, Values
from qm_tui.transfer.rejected.files import NOTHING_SAVED, Known, Saved, Saving, Targets, changed
from qm_tui.transfer.rejected.names import free_path, rejected_path, unreadable_path
from qm_tui.users.issues import Fault, Severity

__all__ = [
    "Saved",
    "free_path",
    "problems_text",
    "rejected_path",
    "rejections_of",
    "save_rejected",
    "unreadable_path",
]


def problems_text(faults: Iterable[Fault]) -> str:
    """Return the errors of a record and their fixes, for the Problems column."""
    sentences = []
    for fault in faults:
        if fault.severity is Severity.ERROR:
            name = fault.field.name if fault.field else ""
            prefix = "" if fault.message.startswith(name) else f"{name}: "
            sentences.append(f"{prefix}{sentence(fault.message)} {fault.remedy}")
    return " ".join(sentences)


def rejections_of(plan: Plan) -> dict[int, str]:
    """Return by record number the `problems_text` of the rejected records of a plan.

    Args:
        plan: a plan with its outcomes.
    """
    outcomes = plan.outcomes or Outcomes()
    return {number: problems_text(outcomes.faults[number]) for number in sorted(outcomes.values)}


def left_out(plan: Plan, saved: int) -> list[str]:
    """Return a message about rejected records that the plan does not contain, if there are any."""
    more = plan.rejected - saved
    return [f"Not saved: {counted(more, 'more rejected record')} (limit reached)."] if more else []


def save_rejected(
    path: Path,
    read_as: ReadAs,
    problems_by_number: Mapping[int, str],
    target: Path,
    tick: Tick = no_tick,
    *,
    overwrite: bool = False,
    corrections: Mapping[int, Values] | None = None,
    signature: tuple[int, ...] | None = None,
) -> Saved:
    """Write the rejected records of a file to one file, and its unreadable lines to another.

    Both are written atomically, and readable only by their owner, as they contain passwords.

    Args:
        path: the imported file.
        read_as: the options with which it was read.
        problems_by_number: the problems of each rejected record, by its number in the file.
        target: the file for the records; `.csv` is appended if it is missing. Unreadable lines go
            to its `unreadable_path`.
        tick: progress callback; may raise `Cancelled`, which leaves nothing behind.
        overwrite: whether existing files may be replaced.
        corrections: by record number, corrected values of records that are still rejected; they
            replace the cells.
        signature: the signature of the file when it was planned.

    Raises:
        AlreadyThere: a file exists, and `overwrite` is False. The text suggests a free name.
        Refused: there are no rejected records, the imported file has changed or cannot be read, or
            nothing can be written.
    """
    target = export_path(target)
    with UsersFile(path, read_as) as file:
        known = Known(file.findings.dialect, file.findings.columns, file.size, file.signature)
    if not problems_by_number:
        msg = f"{visible(short(path))} has no rejected records. {NOTHING_SAVED}"
        raise Refused(msg)
    if signature not in (None, known.signature):
        raise changed(path)
    saving = Saving(
        path,
        known,
        problems_by_number,
        corrections or {},
        Targets(target, unreadable_path(target)),
        overwrite,
        tick,
    )
    try:
        saving.require_place()
        try:
            return saving.saved(known.dialect.encoding)
        except UnicodeEncodeError:
            return saving.saved("utf-8-sig")
    except UnicodeEncodeError as error:
        msg = (
            "A corrected value contains an invalid character (unpaired surrogate). "
            f"{NOTHING_SAVED} Correct the value first."
        )
        raise Refused(msg) from error
    except FileExistsError as error:
        raise saving.already_there() from error
    except NotDurable as error:
        msg = (
            "The rejected records were saved, but may be lost in a power failure: syncing the "
            f"folder of {visible(short(target))} failed ({reason(error)}). Save them again."
        )
        raise Refused(msg) from error
    except OSError as error:
        msg = f"Cannot write {visible(short(target))}: {reason(error)}. {NOTHING_SAVED}"
        raise Refused(msg) from error
