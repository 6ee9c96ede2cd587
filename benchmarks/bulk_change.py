"""How long a change of all users of a large store takes in the interface.

    python -m benchmarks.bulk_change [USERS] [RUNS]

First the store alone: the seconds to find out what a change of all users does, and to commit it.
Then it runs the interface without a terminal: all users are marked, and get a location, are
inactivated, get the other license, are deleted, and all of it is undone. Prints for each the
seconds from the answer to the last question until the change is committed and the table shows it;
and the longest time for which the event loop, which answers keys, had no turn, from the first key
on. All of it stands beside one `orjson.dumps` of the same users, write and sync.
"""

import asyncio
import os
import shutil
import sys
import time
from collections import defaultdict
from pathlib import Path
from statistics import median

import orjson
from textual.pilot import Pilot
from textual.widgets import OptionList

from benchmarks.programs import apart, made_store, users_file
from benchmarks.turns import Turns, until
from qm_tui.store import open_store
from qm_tui.store.changes.bulk import BulkChange, chosen, commit_bulk, plan_bulk
from qm_tui.store.changes.undo import plan_undo, undo
from qm_tui.store.interface import TransactionKind
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.changes.activate_dialog import ActivateDialog
from qm_tui.tui.changes.confirm_number_dialog import ConfirmDialog
from qm_tui.tui.changes.delete_dialog import DeleteDialog
from qm_tui.tui.changes.set_field_dialog import ChangeDialog
from qm_tui.tui.changes.undo_dialog import UndoDialog
from qm_tui.tui.users.page import UsersPage

SIZE = (120, 40)
TARGET = 1.5
"""Seconds that a change of 100,000 users may take."""

CHANGES: dict[str, dict[str, str] | None] = {
    "location": {"location": "Voss"},
    "inactivate": {"is_active": "0"},
    "license": {"unlimited_license": "0", "on_demand_license": "1"},
    "delete": None,
}
"""What is done in the store alone, by its name."""

LICENSE = 5
"""The place of the license among what can be changed."""


class Bench:
    """One run of the interface on a store."""

    def __init__(self, pilot: Pilot[str], turns: Turns) -> None:
        self._pilot, self._turns = pilot, turns
        page = pilot.app.get_screen("users", UsersPage)
        assert isinstance(page, UsersPage)
        self._page = page
        self.seconds: dict[str, float] = {}

    @property
    def _is_done(self) -> bool:
        return self._pilot.app.screen is self._page and not self._page.is_busy

    async def _answer(self, step: str, *keys: str) -> None:
        """Give the last answer, and wait until the table shows the change."""
        before = self._page.store.state.number
        begun = time.perf_counter()
        await self._pilot.press(*keys)
        await until(
            lambda: (
                self._page.store.state.number > before
                and self._is_done
                and self._page.session.view is not None
                and self._page.session.view.state.version == self._page.store.state.version
            )
        )
        self.seconds[step] = time.perf_counter() - begun
        await asyncio.sleep(1)

    async def _asked(self, step: str, key: str, dialog: type[object]) -> None:
        self._turns.step = step
        await self._pilot.press(key)
        await until(lambda: isinstance(self._pilot.app.screen, dialog))

    async def _confirmed(self, step: str, users: int) -> None:
        """Type the number of a mass change."""
        await until(lambda: isinstance(self._pilot.app.screen, ConfirmDialog))
        await self._pilot.press(*str(users))
        await self._answer(step, "enter")

    async def change(self, step: str, place: int, *keys: str) -> None:
        """Give all users a value."""
        await self._asked(step, "m", ChangeDialog)
        dialog = self._pilot.app.screen
        assert isinstance(dialog, ChangeDialog)
        dialog.query_one(OptionList).highlighted = place
        await self._pilot.press("tab", *keys)
        await until(lambda: dialog._plan is not None and dialog._timer is not None)
        await asyncio.sleep(1.5)
        await self._answer(step, "f2")

    async def inactivate(self, step: str) -> None:
        """Inactivate all users who are active."""
        await self._asked(step, "A", ActivateDialog)
        users = self._page.store.state.users.values()
        active = sum(user.is_active == "1" for user in users)
        await self._pilot.press("left", "left", "enter")
        await self._confirmed(step, active)

    async def delete(self, step: str) -> None:
        """Delete all users."""
        await self._asked(step, "D", DeleteDialog)
        users = len(self._page.store.state.users)
        self._pilot.app.screen.query_one("#confirm").focus()
        await self._pilot.press(*str(users))
        await self._answer(step, "enter")

    async def undo(self, step: str) -> None:
        """Take the last change back."""
        await self._asked(step, "u", UndoDialog)
        screen = self._pilot.app.screen
        assert isinstance(screen, UndoDialog)
        if screen._plan.must_confirm:
            await self._pilot.press(*str(screen._plan.must_confirm))
            await self._answer(step, "enter")
        else:
            await self._answer(step, "right", "enter")


async def measured(path: Path) -> tuple[dict[str, float], dict[str, float]]:
    """The seconds and the longest waits of one run, by step."""
    store = open_store(path)
    app = QmTuiApp(store, login="benchmark")
    turns = Turns()
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: pilot.app.screen.is_mounted and not _page(pilot).is_busy)
        await asyncio.sleep(2)
        before = dict(store.state.users)
        await pilot.press("asterisk")
        await asyncio.sleep(1)
        watching = asyncio.create_task(turns.watch())
        bench = Bench(pilot, turns)
        await bench.change("location", 3, *"Voss")
        await bench.undo("undo of it")
        await bench.inactivate("inactivate")
        await bench.undo("undo of that")
        await bench.change("license", LICENSE, "right")
        await bench.undo("and of that")
        await bench.delete("delete")
        await bench.undo("undo of the deletion")
        watching.cancel()
        longest = dict(turns.longest)  # what follows is the benchmark's own
        assert dict(store.state.users) == before, "undo did not bring all back"
    return bench.seconds, longest


def _page(pilot: Pilot[str]) -> UsersPage:
    page = pilot.app.get_screen("users", UsersPage)
    assert isinstance(page, UsersPage)
    return page


def changed(path: Path) -> dict[str, float]:
    """The seconds of each change in the store alone: planned, and committed; each is undone."""
    store, found = open_store(path), {}
    user_ids = list(store.load().users)
    for step, values in CHANGES.items():
        before = dict(store.state.users)
        begun = time.perf_counter()
        plan = plan_bulk(
            BulkChange(TransactionKind.SET, step, chosen(user_ids), values), store.state
        )
        planned = time.perf_counter()
        commit_bulk(store, plan.change, confirmed=plan.must_confirm, expected=plan)
        found[f"{step}: planned"] = planned - begun
        found[f"{step}: committed"] = time.perf_counter() - planned
        taken_back = plan_undo(store, store.state.number)
        undo(store, taken_back.number, confirmed=taken_back.must_confirm)
        assert dict(store.state.users) == before, "undo did not bring all back"
    return found


def reference(path: Path) -> float:
    """The seconds of one `orjson.dumps` of the users of a store, write and sync."""
    documents = [user._asdict() for user in open_store(path).load().users.values()]
    begun = time.perf_counter()
    with path.with_name("dumped").open("wb") as file:
        file.write(orjson.dumps(documents))
        file.flush()
        os.fsync(file.fileno())
    return time.perf_counter() - begun


def main(users: int = 100_000, runs: int = 3) -> None:
    """Measure, and print."""
    seconds: dict[str, list[float]] = defaultdict(list)
    waits: dict[str, list[float]] = defaultdict(list)
    alone: dict[str, list[float]] = defaultdict(list)
    dumps = []
    for _ in range(runs):
        with apart() as folder:
            path = made_store(users_file(folder, users), is_snapshot=True)
            dumps.append(reference(path))
            copy = shutil.copytree(path.parent, folder / "alone") / path.name
            for step, one in changed(copy).items():
                alone[step].append(one)
            took, longest = asyncio.run(measured(path))
            for step, one in took.items():
                seconds[step].append(one)
                waits[step].append(longest[step])
    dump = median(dumps)
    print(f"{users:,} users, medians of {runs} runs")
    print(f"  {'orjson.dumps of them, write and sync':<38}{dump:8.2f} s")
    print("the store alone")
    for step, found in alone.items():
        print(f"  {step:<38}{median(found):8.2f} s  {median(found) / dump:5.1f} x")
    print("the interface, all of them marked")
    for step, found in seconds.items():
        took_most, wait = median(found), 1000 * median(waits[step])
        missed = "  MISSED" if took_most > TARGET and not step.startswith(("undo", "and")) else ""
        print(
            f"  {step:<38}{took_most:8.2f} s  {took_most / dump:5.1f} x   "
            f"longest wait of a key {wait:4.0f} ms{missed}"
        )
    print(f"target: a change in at most {TARGET} s, no key waits longer than 50 ms")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
