"""Save the report, the rejected records and the column mapping of a preview."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from textual.screen import Screen

from qm_tui.directory import NotDurable
from qm_tui.errors import Refused, reason
from qm_tui.files import replacing
from qm_tui.paths import mappings_folder, short
from qm_tui.preferences import remembered
from qm_tui.progress import STEP, Phase
from qm_tui.text import visible
from qm_tui.transfer.exporting.export import AlreadyThere
from qm_tui.transfer.importing import Asked, Prepared
from qm_tui.transfer.mapping.guess import guesses
from qm_tui.transfer.mapping.saved_mappings import save_mapping, saved_mapping
from qm_tui.transfer.planning.plan_text import preview_lines
from qm_tui.transfer.reading.read_options import ColumnMapping
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.transfer.rejected.save import left_out, problems_text, rejected_path, save_rejected
from qm_tui.tui.transfer.preview.mapping_dialog import MappingDialog
from qm_tui.tui.transfer.preview.view_model import Preview
from qm_tui.tui.widgets.message_box import Message, Question
from qm_tui.tui.work.job import Job, ended_by

_TEXT: Final = "-preview.txt"


def text_path(source: Path) -> Path:
    """Return the path of a file's report: `NAME-preview.txt` in the same folder."""
    return source.with_name(source.stem + _TEXT)


async def save_text(screen: Screen[Any], preview: Preview, location: str) -> tuple[str, ...]:
    """Save the report of a preview next to its file, for example for a change ticket.

    Args:
        screen: the screen that shows the question whether to overwrite.
        preview: the preview.
        location: the location of the store, for the report.

    Returns:
        The messages to show; empty if the admin canceled.
    """
    target = text_path(preview.prepared.asked.path)
    return await _save(screen, target, partial(_write_text, preview.prepared, location, target))


async def save_records(screen: Screen[Any], preview: Preview) -> tuple[str, ...]:
    """Save the rejected records next to their file; return the messages as `save_text` does."""
    target = rejected_path(preview.prepared.asked.path)
    job = Job(lambda _progress: None)
    return await _save(screen, target, partial(_write_records, preview, target, job))


async def map_columns(screen: Screen[Any], prepared: Prepared) -> ColumnMapping | None:
    """Ask for a column mapping, and save it for files with the same header.

    Returns:
        The mapping; None if the admin canceled, or the file has no header.
    """
    findings = prepared.findings
    header = findings.columns.header
    if not header:
        await screen.app.push_screen_wait(
            Message(
                "This file has no header, so there is nothing to map. Columns are read in the "
                "standard order of the fields."
            )
        )
        return None
    before = prepared.asked.read_as.mapping
    guess = guesses(header, findings.sample_values) if before is None else findings.columns.fields
    name = (before.name if before is not None else "") or prepared.asked.path.stem
    dialog = MappingDialog(header, findings.sample_values, guess, name)
    mapping = await screen.app.push_screen_wait(dialog)
    if mapping is None:
        return None
    try:
        await asyncio.to_thread(save_mapping, mappings_folder(), mapping.name, mapping, header)
    except Refused as refused:
        await screen.app.push_screen_wait(Message(str(refused)))
    return mapping


def as_before(asked: Asked) -> Asked:
    """Return the file with the admin's saved options, and the mapping saved for its header.

    Raises:
        Refused: the file is not a users file.
    """
    asked = replace(asked, choices=remembered().import_choices)
    if not mappings_folder().is_dir():
        return asked
    with UsersFile(asked.path, asked.read_as) as file:
        mapping = saved_mapping(mappings_folder(), file.findings.columns.header)
    return replace(asked, read_as=replace(asked.read_as, mapping=mapping))


async def _save(
    screen: Screen[Any], target: Path, write: Callable[..., tuple[str, ...]]
) -> tuple[str, ...]:
    """Write a file, and ask before an existing file is overwritten. Return the messages.

    Args:
        screen: the screen that shows the question.
        target: the file.
        write: writes the file and returns the messages; takes `overwrite`.
    """
    try:
        try:
            return await asyncio.to_thread(write, overwrite=False)
        except (AlreadyThere, FileExistsError):
            text = f"{visible(short(target))} already exists. Overwrite it?"
            if not await screen.app.push_screen_wait(Question(text, yes="Overwrite")):
                return ()
            return await asyncio.to_thread(write, overwrite=True)
    except Exception as error:
        return (ended_by(error, "").sentence,)


def _write_text(
    prepared: Prepared, location: str, target: Path, *, overwrite: bool
) -> tuple[str, ...]:
    lines = preview_lines(
        prepared.asked.path,
        location,
        prepared.findings,
        prepared.plan,
        len(prepared.asked.corrections),
    )
    shown = visible(short(target))
    try:
        with replacing(target, overwrite=overwrite) as file:
            file.writelines(f"{line}\n".encode() for line in lines)
    except FileExistsError:
        raise
    except NotDurable as error:
        msg = (
            f"{shown} was written, but may be lost in a power failure: syncing its folder failed "
            f"({reason(error)}). Save the report again."
        )
        raise Refused(msg) from error
    except OSError as error:
        msg = f"Cannot write {shown}: {reason(error)}. Nothing was saved."
        raise Refused(msg) from error
    return (f"Report saved to {shown}.",)


def _write_records(preview: Preview, target: Path, job: Job, *, overwrite: bool) -> tuple[str, ...]:
    prepared, outcomes = preview.prepared, preview.outcomes
    problems = {}
    for done, number in enumerate(sorted(outcomes.values)):
        if not done % STEP:
            job.tick(Phase.CHECKING, done, len(outcomes.values))
        problems[number] = problems_text(outcomes.faults[number])
    saved = save_rejected(
        prepared.asked.path,
        prepared.asked.read_as,
        problems,
        target,
        job.tick,
        overwrite=overwrite,
        corrections=prepared.asked.corrections,
        signature=prepared.signature,
    )
    return (*saved.sentences, *left_out(prepared.plan, len(problems)))
