"""A planned import with records of every kind, for tests."""

from pathlib import Path

from qm_tui.transfer.importing import Asked, Prepared, prepare
from tests.helpers import HEADER, csv_text, state_of, user, written

BEN, CARA = user("ben"), user("cara")

MANY_FAULTS = user(
    "dan", user_id="", extension="", phone_ip="10.0.0.256", is_active="yes", location="Os\alo"
)
"""A new user with four errors."""
UPDATE_WITH_FAULTS = CARA._replace(location="Bergen", extension="", recording_service="no. 1")
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
        list(MANY_FAULTS),
        list(UPDATE_WITH_FAULTS),
        unreadable,
        list(UPDATE),
        list(user("gil", user_id="", salt="")),
        list(same_name),
    ]


def planned(folder: Path) -> Prepared:
    path = written(folder, csv_text([HEADER, *rows()]))
    return prepare(Asked(path), state_of(BEN, CARA))
