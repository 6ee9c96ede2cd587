"""The page of keys is what `?` lists on each screen."""

import pytest

from scripts import make_keys_page


@pytest.mark.snapshot
def test_page_of_keys_is_what_the_screens_list(monkeypatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("HOME", "")  # set anew by the script, and back after the test
    assert make_keys_page.PAGE.read_text() == make_keys_page.page(), "run make docs"


@pytest.mark.parametrize(
    ("title", "row"),
    [
        ("Navigation pane", "| `→` `l` | Show the list of pages |"),
        ("Details of a user", "| `←` `h` | Previous user |"),
        ("Open and Save As", "| `o` | Options |"),
    ],
)
def test_page_of_keys_has_the_keys_that_are_not_always_available(title, row):
    section = make_keys_page.PAGE.read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    assert row in section.splitlines()
