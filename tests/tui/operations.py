"""Operations on the pages for tests: press keys, and wait for what they lead to."""

from math import inf
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Button

from qm_tui.tui.changes.undo_dialog import UndoDialog
from qm_tui.tui.widgets.dialog import drawn_at
from tests.tui.pages import page_of, shown, status_of, top, wait_until, wait_until_idle


async def opens(pilot: Pilot[str], screen: type[Any], *keys: str) -> None:
    """Press keys, and wait until a screen is drawn on top."""
    await wait_until_idle(pilot)
    await pilot.press(*keys)
    await wait_until(pilot, lambda: isinstance(top(pilot), screen) and drawn_at(top(pilot)) < inf)
    await pilot.pause()


async def done(pilot: Pilot[str], *keys: str, status: str = "") -> None:
    """Press keys, and wait for the page with a message in the Actions bar."""
    await pilot.press(*keys)
    await wait_until(
        pilot,
        lambda: (
            not page_of(pilot).is_busy
            and top(pilot) is page_of(pilot)
            and status_of(pilot).startswith(status)
        ),
    )
    await wait_until_idle(pilot)


async def ask_to_undo(pilot: Pilot[str]) -> UndoDialog:
    """Press u, and wait until the effect is drawn."""
    await opens(pilot, UndoDialog, "u")
    dialog = top(pilot)
    assert isinstance(dialog, UndoDialog)
    await wait_until(pilot, lambda: dialog.plan is not None and drawn_at(dialog) < inf)
    await pilot.pause()
    return dialog


async def undo(pilot: Pilot[str]) -> None:
    """Undo the last transaction."""
    await ask_to_undo(pilot)
    await done(pilot, "right", "enter", status="Undid")


def text_of(pilot: Pilot[str]) -> str:
    """The text of the screen in one line, without frames."""
    return " ".join(word for word in shown(pilot).split() if word not in "│─╭╮╰╯")


def buttons(pilot: Pilot[str]) -> list[str]:
    """The captions of the buttons that are shown."""
    return [str(one.label) for one in top(pilot).query(Button) if one.display]
