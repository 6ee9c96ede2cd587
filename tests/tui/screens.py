"""All screens of the program, visited one after the other in one run of the app."""

import os
from collections.abc import AsyncIterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

from textual.keys import _character_to_key  # as the pilot needs them
from textual.pilot import Pilot

from qm_tui.transfer.exporting.export import export_users
from qm_tui.tui.app import QmTuiApp
from qm_tui.users.fields import User
from tests.tui.pages import app_on, commit, has_text, sample_users, shown, wait_until

SCREENS: Final = {
    "users": ("", "200 users"),
    "marked": ("right right s down space down space", "2 marked"),
    "details": ("home enter", "Identity"),
    "set field": ("escape m", "Clears Recording Profile Name for 2 users"),
    "values": ("tab down", "Business Hours"),
    "activate": ("escape escape A", "[Inactivate 2]"),
    "delete": ("escape D", "Inactivating keeps the recordings"),
    "password": ("escape P", "Repeat password"),
    "form": ("escape home e", "First name of the user"),
    "form with error": ("ctrl+u tab", "First Name is required"),
    "discard": ("escape", "[Keep editing]"),
    "counts": ("tab enter F", "Share"),
    "columns": ("escape c", "24 of 27 columns shown"),
    "views": ("escape v", "Save current view as"),
    "mark list": ("escape L", "Paste or type the list here"),
    "palette": ("escape colon", "Search for commands"),
    "keys": ("escape question_mark", "Mark or unmark all shown users"),
    "undo": ("escape u", "Laura Ingram will be reverted"),
    "suggestions": ("escape slash d e p tab", "Claims, Motor"),
    "filter": ("escape slash m u l l e r enter", "of 200 shown"),
    "filter with error": ("slash ctrl+u a c t i v e colon m a y b e", "Invalid value maybe"),
    "no users": ("ctrl+u z z z", "No users match the filter"),
    "activity": ("escape escape 2", "Edit Laura Ingram"),
    "transaction": ("enter", "Zürich, Seefeld → Bergen"),
    "licenses": ("escape 3", "license:unlimited"),
    "profiles": ("4", "recording-profile:"),
    "rename": ("e", "Type a different name"),
    "departments": ("escape 5", "department:"),
    "open": ("escape 1 i", "Jack, Knight"),
    "preview": ("enter", "[i Import 53 changes]"),
    "preview of users": ("7 space", "3 marked"),
    "record": ("5 down enter", "Field"),
    "problems": ("escape v", "All problems"),
    "options": ("escape o", "54 imported records have warnings"),
    "mapping": ("escape m", "All required fields have a column or a value"),
    "column values": ("down down down down down v", "all other values"),
    "mapped value": ("enter", "Department Name for"),
    "new users": ("escape escape end enter", "Value for new users in field"),
    "template": ("enter", "of new users"),
    "field": ("escape home enter", "(ignored)"),
    "correct": ("escape escape c", "F2 save and next"),
    "save as": ("escape escape x", "passwords, header"),
    "export options": ("tab tab o", "Exports all users in store order"),
    "exported": ("escape tab enter", "Export complete"),
    "to open": ("enter i", "Jack, Knight"),
    "to preview": ("enter", "[i Import 53 changes]"),
    "imported": ("i", "Imported: 53 changed"),
}
"""The keys to each screen from the one before, and a text of it."""


_TEMPLATE: Final = "{Given Name|first|ascii|lower}.{Surname|ascii|lower}"


def _typed(text: str) -> str:
    """Return the keys that type a text."""
    return " ".join(map(_character_to_key, text))


def _given(field: str, value: str) -> str:
    """Return the keys that set a value for new users."""
    return f"a {_typed(field)} enter {_typed(value)} enter"


DIRECTORY_SCREENS: Final = {
    "to open": ("i", "No column names are recognized"),
    "to mapping": ("enter", "Personnel No"),
    "to match": ("down down down enter a g e n t enter equals_sign", "= match"),
    "to values": ("up v", "all other values"),
    "to other values": ("enter S a l e s enter end enter O t h e r enter f2", "3 values"),
    "to defaults": (
        " ".join(
            _given(*given)
            for given in (
                *(("extension", "0400"), ("user name", _TEMPLATE), ("active", "yes")),
                *(("recording serv", "Any"), ("unlim", "yes"), ("on-demand", "no")),
            )
        ),
        "Password has no column",
    ),
    "mapping of a directory": ("up", "j.muller"),
    "preview without passwords": ("f2 d", "3 added users have no password yet"),
}
"""The same for the file of `app_with_directory`."""


_EACH: Final = 0.03
"""Seconds between two looks at the screen."""

_QUESTIONS: Final = {"listing", "marks", "rows", "follow", "user", "cursor", "counting", "finding"}
"""The groups of workers that ask the store for what is shown."""


class FixedDay(date):
    """A fixed date."""

    @classmethod
    def today(cls) -> "FixedDay":
        return cls(2026, 11, 23)


def app_with_file(home: Path) -> QmTuiApp:
    """The app with 200 users, and a file with changes, errors and warnings in its folder."""
    users = sample_users(200)
    app = app_on(home / "users.json", users)
    commit(home / "users.json", users[0]._replace(location="Oslo"))
    commit(home / "users.json", users[1]._replace(location="Bergen"))
    incoming = home / "incoming"
    changed = edited(users)
    export_users([changed], len(changed), incoming / "sales-emea.csv")
    os.utime(incoming / "sales-emea.csv", (1_750_000_000, 1_750_000_000))
    return app


def app_with_directory(home: Path) -> QmTuiApp:
    """The app with 200 users, and a file of another program in its folder."""
    app = app_on(home / "users.json", sample_users(200))
    file = home / "incoming" / "directory.csv"
    file.write_text(
        "Given Name,Surname,Dept,Personnel No,Office\n"
        "Jürgen,Müller,Vertrieb,N-17,Raum 3\n"
        "Anna,Berg,Technik,N-18,Raum 4\n"
        "Łukasz,Østby,Vertrieb,N-19,\n"
    )
    os.utime(file, (1_750_000_000, 1_750_000_000))
    return app


def edited(users: list[User]) -> list[User]:
    """The users as a colleague might return them after editing in a spreadsheet."""
    changed = [user._replace(department="Sales EMEA") for user in users[:60]]
    changed[40:] = users[40:200]
    for index in (4, 21, 77):
        changed[index] = changed[index]._replace(extension="")
    for index in (9, 30, 31, 90):
        changed[index] = changed[index]._replace(user_id=f"{index}7")
    for index, user in enumerate(changed[100:120], start=100):
        changed[index] = user._replace(extension=user.extension.lstrip("0"), location="")
    return changed


async def visit(
    pilot: Pilot[str], screens: Mapping[str, tuple[str, str]] = SCREENS
) -> AsyncIterator[str]:
    """Go from screen to screen, and yield the name of each that is new when it is drawn."""
    for name, (keys, text) in screens.items():
        for key in keys.split():
            await pilot.press(key)
            await wait_until_drawn(pilot, 2)
        await wait_until(pilot, partial(has_text, pilot, text))
        await wait_until_drawn(pilot, 4)
        if not name.startswith("to "):
            yield name


async def wait_until_drawn(pilot: Pilot[str], times: int) -> None:
    """Wait until the screen was the same some times in a row, with no question to the store."""
    seen = [shown(pilot)]
    while len(seen) < times or set(seen[-times:]) != {seen[-1]}:
        await pilot.pause(_EACH)
        if any(one.is_running and one.group in _QUESTIONS for one in pilot.app.workers):
            seen.clear()
        seen.append(shown(pilot))
