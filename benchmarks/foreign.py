"""A file of another program, with a mapping that has values, defaults and templates."""

import csv
from pathlib import Path
from typing import NamedTuple

_HEADER = ("Given Name", "Surname", "Phone", "No", "Dept", "Active", "Login", "Remark")
_MAPPING = """
[columns]
"Given Name" = "First Name"
Surname = "Last Name"
Phone = "Extension"
No = "Agent ID"
Dept = "Department Name"
Active = "Is User Active"
Login = ""
Remark = ""
[values.active]
yes = "1"
no = "0"
[values.department]
Sales = "Sales EMEA"
"*" = "Other"
[defaults]
recording_service = "Any"
unlimited_license = "1"
on_demand_license = "0"
location = "Oslo"
[templates]
user_name = "{Login|ascii|lower}"
"""


class ForeignFile(NamedTuple):
    """A file of another program.

    Attributes:
        path: the file.
        options: the options of the command line to import it.
    """

    path: Path
    options: list[str]


def foreign_file(users: Path) -> ForeignFile:
    """Write the users of a users file as another program would, next to it."""
    path, mapping = users.with_name(f"{users.stem}-hr.csv"), users.with_name("hr.toml")
    mapping.write_text(_MAPPING)
    with users.open(newline="", encoding="utf-8") as file, path.open("w", newline="") as output:
        writer = csv.writer(output)
        writer.writerow(_HEADER)
        for number, row in enumerate(csv.DictReader(file)):
            active = "yes" if row["Is User Active"] == "1" else "no"
            names = row["First Name"], row["Last Name"], row["Extension"], f"N{number}"
            writer.writerow((*names, row["Department Name"], active, row["User Name"], "x"))
    return ForeignFile(path, ["--mapping", str(mapping), "--missing-password", "none-yet"])
