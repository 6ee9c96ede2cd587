"""Duration of bulk changes of all users of a large store.

    python -m benchmarks.bulk_change [USERS] [RUNS]

First measures the store only: the time to plan a change of all users, and to commit it. Then runs
the terminal UI without a terminal: all users are marked, their location is set, they are
inactivated, their license is changed, they are deleted, and each change is undone. Prints for each
change the time from the last confirmation until it is committed and shown, and the longest time
for which the event loop, and therefore all keys, was blocked. The reference is one `orjson.dumps`
of the same users, written and synced.
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
from benchmarks.sample_users import stored_users
from benchmarks.turns import Turns, until
from qm_tui.store import open_store
from qm_tui.store.changes.bulk import BulkChange, by_ids, plan_bulk
from qm_tui.store.changes.plan import commit_plan
from qm_tui.store.changes.undo import plan_undo
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.changes.activation import ActivateDialog, DeleteDialog
from qm_tui.tui.changes.choice_dialog import ConfirmDialog
from qm_tui.tui.changes.set_field_dialog import SetFieldDialog
from qm_tui.tui.changes.undo_dialog import UndoDialog
from qm_tui.tui.users.page import UsersPage

SIZE = (120, 40)
TARGET = 1.5
"""The maximum for a change of 100,000 users, in seconds."""

CHANGES: dict[str, dict[str, str] | None] = {
    "location": {"location": "Voss"},
    "inactivate": {"is_active": "0"},
    "license": {"unlimited_license": "0", "on_demand_license": "1"},
    "delete": None,
}
"""The changes of the store, by name."""

LICENSE = 5
"""The index of the license in the list of fields."""


class Bench:
    """A run of the terminal UI on a store."""

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
        """Confirm, and wait until the table shows the change."""
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
        await until(
            lambda: isinstance(self._pilot.app.screen, dialog) and self._pilot.app.screen.is_mounted
        )

    async def _confirmed(self, step: str, users: int) -> None:
        """Type the number of a mass change."""
        await until(lambda: isinstance(self._pilot.app.screen, ConfirmDialog))
        await self._pilot.press(*str(users))
        await self._answer(step, "enter")

    async def change(self, step: str, place: int, *keys: str) -> None:
        """Set a field for all users."""
        await self._asked(step, "m", SetFieldDialog)
        dialog = self._pilot.app.screen
        assert isinstance(dialog, SetFieldDialog)
        dialog.query_one(OptionList).highlighted = place
        await self._pilot.press("tab", *keys)
        await until(lambda: dialog.setting is not None)
        await asyncio.sleep(1.5)
        await self._answer(step, "f2")

    async def inactivate(self, step: str) -> None:
        """Inactivate all active users."""
        await self._asked(step, "A", ActivateDialog)
        active = self._page.store.state.numbers("is_active", ("1",))["1"]
        await self._pilot.press("left", "left", "enter")
        await self._confirmed(step, active)

    async def delete(self, step: str) -> None:
        """Delete all users."""
        await self._asked(step, "D", DeleteDialog)
        users = self._page.store.state.total
        self._pilot.app.screen.query_one("#confirm").focus()
        await self._pilot.press(*str(users))
        await self._answer(step, "enter")

    async def undo(self, step: str) -> None:
        """Undo the last change."""
        await self._asked(step, "u", UndoDialog)
        screen = self._pilot.app.screen
        assert isinstance(screen, UndoDialog)
        while screen.plan is None:
            await self._pilot.pause()
        if screen.plan.required_confirmation:
            await self._pilot.press(*str(screen.plan.required_confirmation))
            await self._answer(step, "enter")
        else:
            await self._answer(step, "right", "enter")


async def measured(path: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Return the durations and the longest waits of one run in seconds, by step."""
    store = open_store(path)
    app = QmTuiApp(store, login="benchmark")
    turns = Turns()
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: pilot.app.screen.is_mounted and not _page(pilot).is_busy)
        await asyncio.sleep(2)
        before = stored_users(store.state)
        await pilot.press("asterisk")
        await asyncio.sleep(1)
        watching = asyncio.create_task(turns.watch())
        bench = Bench(pilot, turns)
        await bench.change("location", 3, *"Voss")
        await bench.undo("undo location")
        await bench.inactivate("inactivate")
        await bench.undo("undo inactivate")
        await bench.change("license", LICENSE, "right")
        await bench.undo("undo license")
        await bench.delete("delete")
        await bench.undo("undo delete")
        watching.cancel()
        longest = dict(turns.longest)  # without the check below
        assert stored_users(store.state) == before, "undo did not restore all users"
    return bench.seconds, longest


def _page(pilot: Pilot[str]) -> UsersPage:
    page = pilot.app.get_screen("users", UsersPage)
    assert isinstance(page, UsersPage)
    return page


def changed(path: Path) -> dict[str, float]:
    """Plan, commit and undo each change of the store, and return the durations in seconds."""
    store, durations = open_store(path), {}
    user_ids = list(stored_users(store.load()))
    for step, values in CHANGES.items():
        before = stored_users(store.state)
        begun = time.perf_counter()
        plan = plan_bulk(
            BulkChange(Action(TransactionKind.SET, step), by_ids(user_ids), values), store.state
        )
        planned = time.perf_counter()
        commit_plan(store, plan, confirmed=plan.required_confirmation)
        durations[f"{step}: plan"] = planned - begun
        durations[f"{step}: commit"] = time.perf_counter() - planned
        undone = time.perf_counter()
        to_undo = plan_undo(store, store.state.number)
        durations[f"{step}: plan of undo"] = time.perf_counter() - undone
        undone = time.perf_counter()
        commit_plan(store, to_undo, confirmed=to_undo.required_confirmation)
        durations[f"{step}: undo"] = time.perf_counter() - undone
        assert stored_users(store.state) == before, "undo did not restore all users"
    return durations


def reference(path: Path) -> float:
    """Return the duration of `orjson.dumps` of all users, write and sync, in seconds."""
    documents = [user._asdict() for user in stored_users(open_store(path).load()).values()]
    begun = time.perf_counter()
    with path.with_name("dumped").open("wb") as file:
        file.write(orjson.dumps(documents))
        file.flush()
        os.fsync(file.fileno())
    return time.perf_counter() - begun


def main(users: int = 100_000, runs: int = 3) -> None:
    """Run the benchmark, and print the results."""
    seconds: dict[str, list[float]] = defaultdict(list)
    waits: dict[str, list[float]] = defaultdict(list)
    alone: dict[str, list[float]] = defaultdict(list)
    dumps = []
    for _ in range(runs):
        with apart() as folder:
            path = made_store(users_file(folder, users), is_snapshot=True)
            dumps.append(reference(path))
            copy = shutil.copytree(path.parent, folder / "alone") / path.name
            for step, duration in changed(copy).items():
                alone[step].append(duration)
            durations, longest = asyncio.run(measured(path))
            for step, duration in durations.items():
                seconds[step].append(duration)
                waits[step].append(longest[step])
    dump = median(dumps)
    print(f"{users:,} users, medians of {runs} runs")
    print(f"  {'reference: orjson.dumps, write, sync':<38}{dump:8.2f} s")
    print("store only")
    for step, durations_of in alone.items():
        duration = median(durations_of)
        print(f"  {step:<38}{duration:8.2f} s  {duration / dump:5.1f} x")
    print("terminal UI, all users marked")
    for step, durations_of in seconds.items():
        duration, wait = median(durations_of), 1000 * median(waits[step])
        missed = "  MISSED" if duration > TARGET else ""
        print(
            f"  {step:<38}{duration:8.2f} s  {duration / dump:5.1f} x   "
            f"longest wait of a key {wait:4.0f} ms{missed}"
        )
    print(f"target: a change or its undo takes at most {TARGET} s, no key waits longer than 50 ms")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
