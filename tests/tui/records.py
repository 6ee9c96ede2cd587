"""A planned import with records of every kind, for tests."""

from pathlib import Path

from qm_tui.transfer.importing import ImportRequest, PreparedImport, prepare_import
from tests.helpers import HEADER, csv_text, state_of, user, write_file

BEN, CARA = user("ben"), user("cara")

MANY_ISSUES = user(
    "dan", user_id="", extension="", phone_ip="10.0.0.256", is_active="yes", location="Os\alo"
)
"""A new user with four errors."""
UPDATE_WITH_ISSUES = CARA._replace(location="Bergen", extension="", recording_service="no. 1")
"""Clears a required value of Cara, and sets an invalid one."""
UPDATE = BEN._replace(
    department="Sales EMEA", password="ENC-new", salt="", privacy_enabled="", agent_id=""
)

REJECTED = [1, 2, 3, 6]
"""The numbers of the rejected records; the third is unreadable."""


def rows() -> list[list[str]]:
    unreadable = [*user("eve", user_id=""), "one too many"]
    same_name = user("fay", user_id="", user_name="dan", extension="")
    return [
        list(MANY_ISSUES),
        list(UPDATE_WITH_ISSUES),
        unreadable,
        list(UPDATE),
        list(user("gil", user_id="", salt="")),
        list(same_name),
    ]


def planned(folder: Path) -> PreparedImport:
    path = write_file(folder, csv_text([HEADER, *rows()]))
    return prepare_import(ImportRequest(path), state_of(BEN, CARA))
