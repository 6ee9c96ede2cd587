"""Every screen at 80x24 with long texts: nothing is cut that an admin needs."""

import re
from functools import partial
from typing import Final

from qm_tui.tui.widgets.text_input import FilterInput
from tests.helpers import HEADER, csv_text, user, write_file
from tests.tui.pages import (
    SMALL,
    app_on,
    commit,
    has_text,
    page_of,
    sample_users,
    shown,
    wait_until,
    wait_until_idle,
)
from tests.tui.screens import visit

LONG: Final = {
    "first_name": "Maximiliane-Charlotte",
    "last_name": "von Müller-Lüdenscheidt",
    "extension": "0412001122",
    "agent_id": "AGENT-2026-000417",
    "department": "Kundendienst für Geschäftskunden Nordrhein-Westfalen",
    "security_profile": "Supervisor with access to all recordings",
    "recording_profile": "Full time, all calls, with screen recording",
    "location": "Frankfurt am Main, Westhafenplatz",
    "windows_login": "CORPORATE.EXAMPLE.COM\\maximiliane.mueller",
    "sip_uri": "sip:maximiliane.mueller-luedenscheidt@example.com",
    "additional_extensions": ",".join(str(7000 + number) for number in range(20)),
    "private_extensions": ",".join(str(8000 + number) for number in range(20)),
}
FILTER: Final = "department:kunden -trainee -intern -freelancer -apprentice -location:atlantis"
STATUS: Final = (
    "The store ~/users.json was replaced by another copy: its last transaction was 12, and is now "
    "9. Quit the program, and restore the newest copy of the store."
)

SCREENS: Final = {
    "Users": ("", "All users"),
    "Users, scrolled": ("right " * 12, "← columns"),
    "Users, marked": ("home space", "1 marked"),
    "Details": ("enter", "Identity"),
    "Details, end": ("end", "History"),
    "Set field": ("escape m", "New value"),
    "Activate": ("escape A", "The user is"),
    "Delete": ("escape D", "Inactivating keeps the recordings"),
    "Password": ("escape P", "Repeat password"),
    "Form": ("escape e", "F2 save"),
    "Counts": ("escape F", "Count by field"),
    "Columns": ("escape c", "Columns"),
    "Views": ("escape v", "Current    "),
    "Mark list": ("escape L", "Mark users"),
    "Palette": ("escape colon", "Search for commands"),
    "Keys": ("escape question_mark", "Keyboard shortcuts"),
    "Undo": ("escape u", "Undo transaction"),
    "Filter, edited": ("escape slash", "Tab complete"),
    "Filter": ("enter", "shown"),
    "Activity": ("escape 2", "transactions"),
    "Transaction": ("enter", "Transaction 3"),
    "Licenses": ("escape 3", "Unlimited"),
    "Profiles": ("4", "Recording Profile Name"),
    "Rename": ("e", "Cancel"),
    "Departments": ("escape 5", "Department Name"),
    "Locations": ("6", "Frankfurt"),
    "Open": ("1 i", "First lines"),
    "Preview": ("enter", "nothing imported yet"),
    "Record": ("down enter", "Esc"),
    "Problems": ("escape v", "All problems"),
    "Options": ("escape o", "Import options"),
    "Mapping": ("escape m", "Map columns"),
    "Correct": ("escape c", "Correct record"),
    "Leave": ("escape escape", "Actions"),
    "Save As": ("x", "Save As"),
    "Export options": ("tab tab o", "Export options"),
}
"""The keys to each screen from the one before, and a text of it."""

ALLOWED: Final = {
    r"Maximilia… von Müll… ": "a value in the table: Details shows it, and c widens its column",
    r"^Filter: .* / .* … ": "the middle of the filter, while it is not edited",
    r"^Activity: ": "an action: the lines below the list show that of the current row",
    r"^(Counts|Licenses|Profiles|Departments|Locations|Rename): .*[\d%]": (
        "a value next to its numbers: the filter of the current one is below the list"
    ),
    r"^(Open|Save As): │ > ": "a file name: the field shows that of the current file",
    r"^Open: │ {14}": "the first lines of a file, to recognize it",
    r"^(Preview|Options): Import: ": "the name of the file that was selected on the screen before",
    r"^Preview: .*rejected  Maxi": "a user in the list of records: Enter shows the record",
    r"^Mapping: ": "samples of a column, and field names that are in full on the right",
    r"^(Password|Form|Rename): .*─╮": "a name in the title of a dialog about that user or value",
    r"^Set field: │ In use: ": "suggestions: the field shows the selected one",
    r"^Palette: ": "the placeholder of the field, which is not cut",
}
"""The lines with an ellipsis as patterns, each with the reason why that is no loss."""


async def test_nothing_is_cut_that_is_not_allowed(home, monkeypatch):
    monkeypatch.chdir(home)
    monkeypatch.setenv("SSH_CONNECTION", "10.20.30.40 50000 10.0.0.1 22")
    path = home / "call-recording-suite" / "quality-management" / "users.json"
    path.parent.mkdir(parents=True)
    users = [
        user(f"maximiliane{number}", **LONG)._replace(user_name=f"maximiliane.mueller{number:03}")
        for number in range(40)
    ]
    users = [one._replace(extension=f"0412{row:03}") for row, one in enumerate(users)]
    app = app_on(path, [*users, *sample_users(20)])
    commit(path, users[0]._replace(location="Oslo"))
    commit(path, users[1]._replace(location="Bergen"))
    rows = [HEADER, *users[:3], users[4]._replace(extension=""), users[5]._replace(user_id="u9")]
    write_file(home, csv_text(rows), "users-of-the-call-center-in-frankfurt-2026-11-23.csv")
    cut = []
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        page_of(pilot).session.set_status(STATUS)
        async for screen in visit(pilot, SCREENS):
            if screen == "Filter, edited":
                page_of(pilot).query_one(FilterInput).insert_text_at_cursor(FILTER)
                await wait_until(pilot, partial(has_text, pilot, "of 60 shown"))
            lines = shown(pilot).splitlines()
            cut += [f"{screen}: {line.strip()}" for line in lines if "…" in line]
    assert [line for line in cut if not any(re.search(one, line) for one in ALLOWED)] == []
    unused = [one for one in ALLOWED if not any(re.search(one, line) for line in cut)]
    assert not unused
