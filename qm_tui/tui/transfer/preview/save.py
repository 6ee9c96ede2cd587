"""Save the report, the rejected records and the column mapping of a preview."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from textual.screen import Screen

from qm_tui.config.preferences import load_preferences
from qm_tui.directory import DirectorySyncError
from qm_tui.errors import UserError, os_error_text
from qm_tui.files import atomic_write
from qm_tui.paths import abbreviate_home, mappings_folder
from qm_tui.progress import CHUNK_SIZE, Phase
from qm_tui.text import sanitize
from qm_tui.transfer.exporting.export import TargetExists
from qm_tui.transfer.importing import ImportRequest, PreparedImport
from qm_tui.transfer.mapping.guess import guess_columns
from qm_tui.transfer.mapping.saved_mappings import find_mapping, save_mapping
from qm_tui.transfer.planning.plan_text import preview_lines
from qm_tui.transfer.reading.read_options import ColumnMapping
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.transfer.rejected.save import (
    issues_text,
    rejected_path,
    save_rejected,
    unsaved_records_text,
)
from qm_tui.tui.transfer.preview.mapping_dialog import MappingDialog
from qm_tui.tui.transfer.preview.view_model import Preview
from qm_tui.tui.widgets.message_box import ConfirmQuestion, MessageDialog
from qm_tui.tui.work.job import Job, job_end_message

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
    target = text_path(preview.prepared.request.path)
    return await _save(screen, target, partial(_write_text, preview.prepared, location, target))


async def save_records(screen: Screen[Any], preview: Preview) -> tuple[str, ...]:
    """Save the rejected records next to their file; return the messages as `save_text` does."""
    target = rejected_path(preview.prepared.request.path)
    job = Job(lambda _progress: None)
    return await _save(screen, target, partial(_write_records, preview, target, job))


async def map_columns(screen: Screen[Any], prepared: PreparedImport) -> ColumnMapping | None:
    """Ask for a column mapping, and save it for files with the same header.

    Returns:
        The mapping; None if the admin canceled, or the file has no header.
    """
    file_report = prepared.file_report
    header = file_report.columns.header
    if not header:
        await screen.app.push_screen_wait(
            MessageDialog(
                "This file has no header, so there is nothing to map. Columns are read in the "
                "standard order of the fields."
            )
        )
        return None
    before = prepared.request.read_options.mapping
    guess = (
        guess_columns(header, file_report.sample_values)
        if before is None
        else file_report.columns.fields
    )
    name = (before.name if before is not None else "") or prepared.request.path.stem
    dialog = MappingDialog(header, file_report.sample_values, guess, name)
    mapping = await screen.app.push_screen_wait(dialog)
    if mapping is None:
        return None
    try:
        await asyncio.to_thread(save_mapping, mappings_folder(), mapping.name, mapping, header)
    except UserError as error:
        await screen.app.push_screen_wait(MessageDialog(str(error)))
    return mapping


def with_saved_options(request: ImportRequest) -> ImportRequest:
    """Return the file with the admin's saved options, and the mapping saved for its header.

    Raises:
        UserError: the file is not a users file.
    """
    request = replace(request, options=load_preferences().import_options)
    if not mappings_folder().is_dir():
        return request
    with UsersFile(request.path, request.read_options) as file:
        mapping = find_mapping(mappings_folder(), file.file_report.columns.header)
    return replace(request, read_options=replace(request.read_options, mapping=mapping))


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
        except (TargetExists, FileExistsError):
            text = f"{sanitize(abbreviate_home(target))} already exists. Overwrite it?"
            if not await screen.app.push_screen_wait(ConfirmQuestion(text, yes="Overwrite")):
                return ()
            return await asyncio.to_thread(write, overwrite=True)
    except Exception as error:
        return (job_end_message(error, "").message,)


def _write_text(
    prepared: PreparedImport, location: str, target: Path, *, overwrite: bool
) -> tuple[str, ...]:
    lines = preview_lines(
        prepared.request.path,
        location,
        prepared.file_report,
        prepared.plan,
        len(prepared.request.corrections),
    )
    shown = sanitize(abbreviate_home(target))
    try:
        with atomic_write(target, overwrite=overwrite) as file:
            file.writelines(f"{line}\n".encode() for line in lines)
    except FileExistsError:
        raise
    except DirectorySyncError as error:
        msg = (
            f"{shown} was written, but may be lost in a power failure: syncing its folder failed "
            f"({os_error_text(error)}). Save the report again."
        )
        raise UserError(msg) from error
    except OSError as error:
        msg = f"Cannot write {shown}: {os_error_text(error)}. Nothing was saved."
        raise UserError(msg) from error
    return (f"Report saved to {shown}.",)


def _write_records(preview: Preview, target: Path, job: Job, *, overwrite: bool) -> tuple[str, ...]:
    prepared, outcomes = preview.prepared, preview.outcomes
    problems = {}
    for done, number in enumerate(sorted(outcomes.values)):
        if not done % CHUNK_SIZE:
            job.report_progress(Phase.CHECKING, done, len(outcomes.values))
        problems[number] = issues_text(outcomes.issues[number])
    saved = save_rejected(
        prepared.request.path,
        prepared.request.read_options,
        problems,
        target,
        job.report_progress,
        overwrite=overwrite,
        corrections=prepared.request.corrections,
        signature=prepared.signature,
    )
    return (*saved.messages, *unsaved_records_text(prepared.plan, len(problems)))
