"""Longest wait of a key during an import of many users in the terminal UI.

    python -m benchmarks.interface_import [USERS] [RUNS]

Runs the terminal UI without a terminal: a file is opened, previewed, filtered, planned again with
another option, and imported. Prints for each step the median over the runs of the longest time for
which the event loop, and therefore all keys, was blocked, and the median of the longest of all
steps.
"""

import asyncio
import sys
from pathlib import Path
from statistics import median

from textual.pilot import Pilot
from textual.widgets import Input

from benchmarks.programs import apart, users_file
from benchmarks.turns import Turns, until
from qm_tui.store import open_store
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.transfer.preview.screen import PreviewScreen
from qm_tui.tui.users.page import UsersPage

SIZE = (120, 40)


async def way(pilot: Pilot[str], file: Path, turns: Turns) -> None:
    """Import a file, from the Users page through the preview and back."""
    app = pilot.app
    page = app.screen
    assert isinstance(page, UsersPage)
    turns.step = "open"
    await pilot.press("i")
    await until(lambda: isinstance(app.focused, Input))
    field = app.focused
    assert isinstance(field, Input)
    field.value = str(file)
    await asyncio.sleep(0.3)
    turns.step = "plan"
    await pilot.press("enter")
    await until(lambda: isinstance(app.screen, PreviewScreen) and app.screen.preview is not None)
    preview = app.screen
    assert isinstance(preview, PreviewScreen)
    turns.step = "filter"
    for key in "1234567":
        await pilot.press(key)
        await asyncio.sleep(0.05)
    turns.step = "plan again"
    await pilot.press("b")
    await until(lambda: not preview.is_planning)
    await asyncio.sleep(1)
    turns.step = "import"
    await pilot.press("i")
    await until(lambda: app.screen is page)
    await until(lambda: not page.session.is_previewing)
    turns.step = "afterward"
    await asyncio.sleep(1)


async def measured(folder: Path, file: Path) -> Turns:
    """Run the import with a new store."""
    app = QmTuiApp(open_store(folder / "users.json"), login="benchmark")
    turns = Turns()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(1)
        watching = asyncio.create_task(turns.watch())
        await way(pilot, file, turns)
        watching.cancel()
    return turns


def main(users: int = 100_000, runs: int = 5) -> None:
    """Run the benchmark, and print the results."""
    with apart() as folder:
        file = users_file(folder, users)
        results = []
        for number in range(runs):
            with apart():  # without saved options
                results.append(asyncio.run(measured(folder / f"store {number}", file)))
    print(f"import of {users:,} users in the terminal UI, median of {runs} runs")
    for step in results[0].longest:
        longest = median(turns.longest[step] for turns in results)
        print(f"  longest wait of a key, {step:<12}{1000 * longest:8.0f} ms")
    longest = median(max(turns.longest.values()) for turns in results)
    print(f"  all steps        {1000 * longest:20.0f} ms")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
