"""Take the screenshots of the README from the running app.

python scripts/make_pictures.py
"""

import asyncio
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from textual.pilot import Pilot

from qm_tui.store import open_store
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.transfer.exporting.export import export_users
from qm_tui.transfer.importing import ImportRequest, import_users
from qm_tui.tui.app import QmTuiApp
from qm_tui.users.fields import User

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "sample_data"


async def draw(home: Path) -> None:
    """Run the terminal UI with a temporary home folder, and take screenshots."""
    path = home / "qms" / "users.json"
    os.environ |= {"SUDO_USER": "mheller", "SSH_CONNECTION": "10.1.2.3 50000 10.0.0.1 22"}
    store = open_store(path)
    import_users(ImportRequest(SAMPLES / "users.csv"), store)
    moved = list(store.state.users.values())[3:9]
    with store.transaction(Action(TransactionKind.EDIT)) as transaction:
        transaction.commit({user.user_id: user._replace(location="Bergen") for user in moved})
    incoming = home / "incoming"
    incoming.mkdir()
    for age, name in enumerate(("users-excel-de.csv", "users-no-header.csv", "users.csv")):
        (incoming / name).write_bytes((SAMPLES / name).read_bytes())
        os.utime(incoming / name, (1_763_900_000 - 90_000 * age, 1_763_900_000 - 90_000 * age))
    newest = incoming / "sales-emea.csv"
    export_users(edited(list(store.state.users.values())), newest)
    os.utime(newest, (1_763_990_000, 1_763_990_000))
    os.chdir(incoming)
    app = QmTuiApp(open_store(path), login="mheller")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(1)
        await pilot.press("i")
        await pilot.pause(1)
        save(pilot, "open")
        await pilot.press("enter")
        await pilot.pause(1)
        save(pilot, "preview")
        await pilot.press("i")
        await pilot.pause(1)
        save(pilot, "users")
        await pilot.press("2")
        await pilot.pause(1)
        save(pilot, "activity")
        await pilot.press("3")
        await pilot.pause(1)
        save(pilot, "licenses")
        await pilot.press("1")
        await pilot.pause(0.5)
        await pilot.press("down", "down", "e")
        await pilot.pause(0.5)
        await pilot.press(*["tab"] * 3, "down", "down", "down", "down", "down", "down")
        await pilot.press("ctrl+u", *"10.0.0.300", "tab")
        await pilot.pause(0.5)
        save(pilot, "form")
    wide = QmTuiApp(open_store(path), login="mheller")
    async with wide.run_test(size=(120, 30)) as pilot:
        await pilot.pause(1)
        await pilot.press("slash", *"department", "colon", *"sales", "enter")
        await pilot.press("right", "right", "s", "down", "space", "down", "enter")
        await pilot.pause(1.5)
        save(pilot, "details")


def edited(users: list[User]) -> list[User]:
    """Return the users as a colleague might return them after editing in a spreadsheet."""
    changed = [user._replace(department="Sales EMEA") for user in users[:60]]
    changed[40:] = users[40:200]
    for index in (4, 21, 77):
        changed[index] = changed[index]._replace(extension="")
    for index in (9, 30, 31, 90):
        changed[index] = changed[index]._replace(user_id=f"{index}7")
    for index, user in enumerate(changed[100:120], start=100):
        changed[index] = user._replace(extension=user.extension.lstrip("0"), location="")
    return changed


def save(pilot: Pilot[str], name: str) -> None:
    """Save a screenshot."""
    file = ROOT / "docs" / f"{name}.svg"
    file.write_text(pilot.app.export_screenshot(title="qm-tui", simplify=True))
    print(file.relative_to(ROOT))


def main() -> None:
    """Take all screenshots."""
    with TemporaryDirectory() as home:
        os.environ["HOME"] = home
        asyncio.run(draw(Path(home)))


if __name__ == "__main__":
    main()
