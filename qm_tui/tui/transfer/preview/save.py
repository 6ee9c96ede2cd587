"""Save the report or the rejected records of a preview."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from textual.app import App

from qm_tui.directory import DirectorySyncError
from qm_tui.errors import UserError, os_error_text
from qm_tui.files import atomic_write
from qm_tui.paths import abbreviate_home
from qm_tui.progress import CHUNK_SIZE, Phase, ProgressCallback
from qm_tui.text import sanitize
from qm_tui.transfer.exporting.export import TargetExists
from qm_tui.transfer.importing import PreparedImport
from qm_tui.transfer.planning.plan_text import preview_lines
from qm_tui.transfer.rejected.save import (
    issues_text,
    rejected_path,
    save_rejected,
    unsaved_records_text,
)
from qm_tui.tui.transfer.preview.view_model import Preview
from qm_tui.tui.widgets.message_box import ConfirmQuestion
from qm_tui.tui.work.background import run_with_progress
from qm_tui.tui.work.job import job_end_message

_TEXT: Final = "-preview.txt"


def text_path(source: Path) -> Path:
    """Return the path of a file's report: `NAME-preview.txt` in the same folder."""
    return source.with_name(source.stem + _TEXT)


async def save_text(app: App[Any], preview: Preview, location: str) -> Sequence[str]:
    """Save the report of a preview next to its file, for example for a change ticket.

    Args:
        app: shows the question whether to overwrite.
        preview: the preview.
        location: the location of the store, for the report.

    Returns:
        The messages to show; empty if the admin canceled.
    """
    target = text_path(preview.prepared.request.path)
    return await _save(app, target, partial(_write_text, preview.prepared, location, target))


async def save_records(app: App[Any], preview: Preview) -> Sequence[str]:
    """Save the rejected records next to their file; return the messages as `save_text` does."""
    target = rejected_path(preview.prepared.request.path)
    return await _save(app, target, partial(_write_records, preview, target))


async def _save(app: App[Any], target: Path, write: Callable[..., Sequence[str]]) -> Sequence[str]:
    """Write a file, and ask before an existing file is overwritten. Return the messages.

    Args:
        app: shows the question.
        target: the file.
        write: writes the file and returns the messages; takes `overwrite` and the progress.
    """
    try:
        try:
            return await run_with_progress(partial(write, overwrite=False))
        except (TargetExists, FileExistsError):
            text = f"{sanitize(abbreviate_home(target))} already exists. Overwrite it?"
            if not await app.push_screen_wait(ConfirmQuestion(text, yes="Overwrite")):
                return ()
            return await run_with_progress(partial(write, overwrite=True))
    except Exception as error:
        return (job_end_message(error, "").message,)


def _write_text(
    prepared: PreparedImport,
    location: str,
    target: Path,
    _progress: ProgressCallback,
    *,
    overwrite: bool,
) -> Sequence[str]:
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


def _write_records(
    preview: Preview, target: Path, progress: ProgressCallback, *, overwrite: bool
) -> Sequence[str]:
    prepared, outcomes = preview.prepared, preview.outcomes
    problems = {}
    for done, number in enumerate(sorted(outcomes.values)):
        if not done % CHUNK_SIZE:
            progress(Phase.CHECKING, done, len(outcomes.values))
        problems[number] = issues_text(outcomes.issues[number])
    saved = save_rejected(
        prepared.request.path,
        prepared.request.read_options,
        problems,
        target,
        progress,
        overwrite=overwrite,
        corrections=prepared.request.corrections,
        signature=prepared.signature,
    )
    return (*saved.messages, *unsaved_records_text(prepared.plan, len(problems)))
