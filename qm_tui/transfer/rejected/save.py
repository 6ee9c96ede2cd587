"""Rejected records to a file of their own, to be corrected and imported.

Source: the users file, section 3, "Rejected records can be saved". Records go to
`NAME-rejected.csv` with their problems and the cells that they had, in the dialect of the file;
lines that could not be read go to `NAME-unreadable.txt` byte for byte.
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
    """What keeps a record out and what to do about it, as the Problems column says it."""
    said = []
    for fault in faults:
        if fault.severity is Severity.ERROR:
            name = fault.field.name if fault.field else ""
            about = "" if fault.message.startswith(name) else f"{name}: "
            said.append(f"{about}{sentence(fault.message)} {fault.remedy}")
    return " ".join(said)


def rejections_of(plan: Plan) -> dict[int, str]:
    """By record number, why the rejected records of a plan are kept out, as `problems_text` says.

    Args:
        plan: a plan that keeps what becomes of each record.
    """
    outcomes = plan.outcomes or Outcomes()
    return {number: problems_text(outcomes.faults[number]) for number in sorted(outcomes.values)}


def left_out(plan: Plan, saved: int) -> list[str]:
    """What is to be said of rejected records that a plan knows no longer; mostly nothing."""
    more = plan.rejected - saved
    return [f"{counted(more, 'more rejected record')} were not saved: too many."] if more else []


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
    """Write the rejected records of a file to another, and its unreadable lines beside that.

    Both are written wholly or not at all, readable for their owner alone: passwords are in them.

    Args:
        path: the file that was imported.
        read_as: how it was read.
        problems_by_number: what is wrong with each rejected record, by its number in the file.
        target: where the records go; `.csv` is added to its name where it is missing. Lines that
            could not be read go to its `unreadable_path`.
        tick: told how far it is; it may raise `Cancelled`, which leaves nothing behind.
        overwrite: whether files that stand there may be replaced.
        corrections: by record number, values that were corrected and are rejected still; they
            take the place of the cells.
        signature: that of the file when it was planned, by which it is known again.

    Raises:
        AlreadyThere: a file stands there, and `overwrite` is False. The text names a free one.
        Refused: there are no rejected records, or the file was changed since, or it could not be
            read, or nothing could be written.
    """
    target = export_path(target)
    with UsersFile(path, read_as) as file:
        known = Known(file.findings.dialect, file.findings.columns, file.size, file.signature)
    if not problems_by_number:
        msg = f"No record of {visible(short(path))} is rejected. {NOTHING_SAVED}"
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
            "A corrected value holds half a character, which no file can hold: correct it first. "
            f"{NOTHING_SAVED}"
        )
        raise Refused(msg) from error
    except FileExistsError as error:
        raise saving.already_there() from error
    except NotDurable as error:
        msg = (
            f"The system could not sync the folder of {visible(short(target))} "
            f"({reason(error)}): it is not known whether what was saved there outlasts a power "
            "cut. Save it again."
        )
        raise Refused(msg) from error
    except OSError as error:
        msg = f"{visible(short(target))} could not be written: {reason(error)}. {NOTHING_SAVED}"
        raise Refused(msg) from error
