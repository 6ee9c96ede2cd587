"""What can be written from a preview: its text, and the rejected records; and mappings, kept."""

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
    """Where the text of a file's preview goes: `NAME-preview.txt` beside it."""
    return source.with_name(source.stem + _TEXT)


async def save_text(screen: Screen[Any], preview: Preview, location: str) -> tuple[str, ...]:
    """Save a preview's text beside its file, for a change ticket.

    Args:
        screen: where it is asked.
        preview: the preview.
        location: where the users are kept, for people.

    Returns:
        What came of it, in sentences; nothing where it was not wanted after all.
    """
    target = text_path(preview.prepared.asked.path)
    return await _save(screen, target, partial(_write_text, preview.prepared, location, target))


async def save_records(screen: Screen[Any], preview: Preview) -> tuple[str, ...]:
    """Save the rejected records beside their file; what came of it, as for the text."""
    target = rejected_path(preview.prepared.asked.path)
    job = Job(lambda _progress: None)
    return await _save(screen, target, partial(_write_records, preview, target, job))


async def map_columns(screen: Screen[Any], prepared: Prepared) -> ColumnMapping | None:
    """Ask which column holds which field, and keep the answer for files with such a header.

    Returns:
        The pairing; None where there is none, or no header to pair.
    """
    findings = prepared.findings
    header = findings.columns.header
    if not header:
        await screen.app.push_screen_wait(
            Message("This file has no header: its columns stand in the order of the 26 fields.")
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
    """The same file, with what this admin chose before, and the mapping kept for such a header.

    Raises:
        Refused: it is no users file.
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
    """Write something, after a question where that takes the place of a file; what came of it.

    Args:
        screen: where it is asked.
        target: the file.
        write: writes it, and says what was written; told whether it may overwrite.
    """
    try:
        try:
            return await asyncio.to_thread(write, overwrite=False)
        except (AlreadyThere, FileExistsError):
            text = f"{visible(short(target))} exists already. Overwrite it?"
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
        msg = f"{shown} was written, but the system could not sync its folder ({reason(error)})."
        raise Refused(msg) from error
    except OSError as error:
        msg = f"{shown} could not be written: {reason(error)}. Nothing was saved."
        raise Refused(msg) from error
    return (f"What this import would do is written to {shown}.",)


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
