"""The page of keys is what `?` lists on each screen."""

import pytest

from scripts import make_keys_page


@pytest.mark.snapshot
def test_page_of_keys_is_what_the_screens_list(monkeypatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("HOME", "")  # set anew by the script, and back after the test
    assert make_keys_page.PAGE.read_text() == make_keys_page.page(), "run make docs"
