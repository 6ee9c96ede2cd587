"""What is written for people is true."""

import re
from pathlib import Path

from qm_tui.transfer.choices import CHOICES
from qm_tui.users.fields import FIELDS
from qm_tui.users.query.names import NAMES
from scripts.make_tables import (
    FILTERS,
    PAGE,
    USERS_FILES,
    filters_page,
    page,
    users_files_page,
)

ROOT = Path(__file__).parents[1]


def test_the_page_of_fields_is_the_field_table():
    assert PAGE.read_text() == page()
    assert page().count("\n| ") == len(FIELDS) + 2


def test_the_page_of_filters_has_all_names():
    assert FILTERS.read_text() == filters_page()
    assert filters_page().count("\n| `") >= len(NAMES)


def test_every_link_of_the_documents_leads_somewhere():
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_every_make_target_that_the_readme_names_is_there():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|    )make ([a-z-]+)", (ROOT / "README.md").read_text()))
    assert {"run", "test"} <= named <= targets


def test_the_page_of_users_files_has_all_options():
    assert USERS_FILES.read_text() == users_files_page()
    assert all(f"`{choice.flag}" in users_files_page() for choice in CHOICES)
