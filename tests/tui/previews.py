"""The preview of an import for tests."""

from pathlib import Path

from textual.pilot import Pilot

from qm_tui.tui.transfer.open_dialog import OpenDialog
from qm_tui.tui.transfer.preview.record_list import RecordList
from qm_tui.tui.transfer.preview.screen import PreviewScreen
from tests.tui.pages import page_of, top, type_text, wait_until, wait_until_idle


async def open_file(pilot: Pilot[str], path: Path) -> None:
    """Select a file by keys."""
    await pilot.press("i")
    await pilot.pause()
    assert isinstance(top(pilot), OpenDialog)
    await type_text(pilot, str(path))
    await pilot.press("enter")


async def preview(pilot: Pilot[str], path: Path) -> PreviewScreen:
    """Select a file by keys, and wait for its preview."""
    await open_file(pilot, path)
    return await wait_until_planned(pilot)


async def wait_until_planned(pilot: Pilot[str]) -> PreviewScreen:
    """Wait until the preview is complete."""
    await pilot.pause()
    await wait_until(pilot, lambda: bool(_planned(pilot)))
    await pilot.pause()
    return _planned(pilot)[0]


def _planned(pilot: Pilot[str]) -> list[PreviewScreen]:
    screens = [screen for screen in pilot.app.screen_stack if isinstance(screen, PreviewScreen)]
    return [screen for screen in screens if screen.preview is not None and not screen.is_planning]


async def wait_until_imported(pilot: Pilot[str]) -> None:
    """Wait until the import has ended and the Users page is shown."""
    await pilot.pause()
    await wait_until(pilot, lambda: not page_of(pilot).session.is_previewing)
    await wait_until_idle(pilot)


async def import_file(pilot: Pilot[str], path: Path) -> None:
    """Import a file by keys: Open, then Import in the preview."""
    await preview(pilot, path)
    await pilot.press("i")
    await wait_until_imported(pilot)


def records_of(screen: PreviewScreen) -> RecordList:
    """The list of records."""
    return screen.query_one(RecordList)


def rows_of(screen: PreviewScreen) -> list[str]:
    """The rows of the list."""
    rows = records_of(screen)
    return [rows.row_text(row, 120).strip() for row in range(rows.row_count)]
