"""The man pages are up to date, and man prints them without warnings."""

import re
import subprocess

import pytest

from qm_tui import __version__
from qm_tui.users.query.filter_fields import FILTER_FIELDS
from scripts import make_man_pages
from scripts.command_line import described
from scripts.make_command_line_page import PAGE
from tests.helpers import needs_package
from tests.program import output

PAGES = sorted(make_man_pages.FOLDER.glob("*"))


def _printed(text: str) -> str:
    """Return a page as man prints it, in one line. It must print no warnings."""
    done = subprocess.run(
        ["man", "--warnings", "--encoding=UTF-8", "--local-file", "-"],
        input=text,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        check=True,
        timeout=60,
    )
    assert done.stderr == ""
    return " ".join(done.stdout.split())


@pytest.mark.snapshot
def test_man_pages_are_up_to_date():
    assert {path.name: path.read_text() for path in PAGES} == make_man_pages.pages()


def test_man_prints_every_page_with_all_options_as_they_are_typed():
    needs_package("man-db", "/usr/bin/man")
    program, commands = described()
    pages = make_man_pages.pages()
    assert len(pages) == 1 + len(commands)
    main = _printed(pages["qm-tui.1"])
    assert f"qm-tui {__version__}" in main
    for command in commands:
        assert f"qm-tui-{command.name}(1)" in main
        printed = _printed(pages[f"qm-tui-{command.name}.1"])
        assert f"qm-tui-{command.name} - " in printed
        for names, description in command.parameters:
            assert f"{names} {description}" in printed
    for names, description in program.parameters:
        assert f"{names} {description}" in main


def test_page_of_the_program_has_files_environment_and_exit_status():
    needs_package("man-db", "/usr/bin/man")
    printed = _printed(make_man_pages.pages()["qm-tui.1"])
    assert "FILES qm-tui info prints the paths" in printed
    assert "~/.config/qm-tui/settings.toml Settings." in printed
    assert "ENVIRONMENT QM_TUI_STORE Store file" in printed
    assert "EXIT STATUS 0 Done. Also if nothing had to be changed. 1 Done in part" in printed


def test_page_of_the_program_has_the_filters_to_which_the_commands_refer():
    needs_package("man-db", "/usr/bin/man")
    pages = make_man_pages.pages()
    assert "'department:sales active:yes'. See qm-tui(1)." in _printed(pages["qm-tui-list.1"])
    printed = _printed(pages["qm-tui.1"])
    assert "FILTERS Terms are separated by blanks." in printed
    assert "berg|young one of the words" in printed
    for name in FILTER_FIELDS.values():
        assert f"{name.name}: {name.meaning}" in printed
    assert not [name for name, text in pages.items() if re.search(r"docs/|\.md\b", text)]


def test_page_of_the_command_line_lists_all_files_that_info_prints(home):
    files = PAGE.read_text().partition("\n## Files\n")[2].partition("\n## ")[0]
    paths = [word for word in output("info").split() if word.startswith(f"{home}/")]
    assert len(paths) >= 5
    for path in paths:
        assert f"`{path.replace(str(home), '~')}`" in files
