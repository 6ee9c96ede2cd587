"""An app with one dialog, for tests of dialogs."""

import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static

from qm_tui.tui.frame.key_help import KeysScreen, active_keys
from qm_tui.tui.frame.stylesheets import style_sheets
from qm_tui.tui.transfer.files.file_dialog import FileDialog
from qm_tui.tui.work.flow import is_deciding
from qm_tui.tui.work.type_ahead_app import TypeAheadApp
from tests.helpers import ANNA, HEADER, csv_text

_NOTHING_YET = object()
_POLL = 0.01
_AN_HOUR = 3600.0
_A_DAY_IN_2025 = 1_763_280_000.0


class DialogApp(TypeAheadApp[None]):
    """Shows a dialog and keeps its result."""

    CSS_PATH: ClassVar[Any] = style_sheets()

    def __init__(self, dialog: Screen[Any]) -> None:
        super().__init__()
        self.dialog = dialog
        self.result: object = _NOTHING_YET

    def on_mount(self) -> None:
        self.push_screen(self.dialog, self._keep)

    def _keep(self, result: object) -> None:
        self.result = result

    def action_show_keys(self) -> None:
        """Show the keyboard shortcuts, as the program does."""
        self.push_screen(KeysScreen(active_keys(self.screen)))

    @property
    def is_open(self) -> bool:
        return self.result is _NOTHING_YET


class DialogDriver:
    """Input for a dialog, and its text."""

    def __init__(self, app: DialogApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def dialog(self) -> FileDialog[Any]:
        assert isinstance(self.app.dialog, FileDialog)
        return self.app.dialog

    async def settle(self) -> None:
        """Wait for threads and their messages."""
        for _ in range(3):
            await self.pilot.pause()
            while is_deciding(self.app):
                await self.pilot.pause(_POLL)
            others = [one for one in self.app.workers if one.description != "flow"]
            if others:  # without any, Textual waits for all
                await self.app.workers.wait_for_complete(others)
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settle()

    async def type(self, text: str, *keys: str) -> None:
        """Replace the text of the input, then press keys."""
        self.dialog.field.focus()
        await self.pilot.pause()
        self.dialog.field.select_all()
        self.dialog.field.replace(text, *self.dialog.field.selection)
        await self.settle()
        await self.press(*keys)

    async def click(self, selector: str, offset: tuple[int, int] = (0, 0)) -> None:
        assert await self.pilot.click(selector, offset=offset)
        await self.settle()

    async def click_row(self, name: str) -> None:
        await self.click("#files", (4, self.names.index(name)))

    @property
    def names(self) -> list[str]:
        return [entry.name for entry in self.dialog.files.entries]

    @property
    def cursor(self) -> str:
        entry = self.dialog.files.cursor_entry
        return entry.name if entry else ""

    @property
    def text(self) -> str:
        return self.dialog.field.value

    @property
    def message(self) -> str:
        """The message in the dialog, if there is one."""
        sentence = self.dialog.query_one("#sentence", Static)
        return str(sentence.content) if sentence.display else ""

    def shown(self, selector: str) -> str:
        return str(self.dialog.query_one(selector, Static).content)

    @property
    def screen_text(self) -> str:
        """The text of the screen."""
        size = self.app.size
        strips = self.app.screen._compositor.render_strips(size)
        return "\n".join(strip.text for strip in strips)


@asynccontextmanager
async def open_dialog(dialog: Screen[Any], size: tuple[int, int] = (80, 24)):
    app = DialogApp(dialog)
    async with app.run_test(size=size) as pilot:
        hand = DialogDriver(app, pilot)
        await hand.settle()
        yield hand


def write_users_files(folder: Path, *names: str) -> Path:
    """Return the folder, with users files of these names, each an hour older than the previous.

    A name that ends with `/` creates a folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for at, name in enumerate(names):
        path = folder / name
        if name.endswith("/"):
            path.mkdir()
        else:
            path.write_text(csv_text([HEADER, ANNA]), newline="")
            when = _A_DAY_IN_2025 - at * _AN_HOUR
            os.utime(path, (when, when))
    return folder
