"""The registry of the pages."""

from importlib import import_module

import pytest

from qm_tui.tui.frame.navigation import PAGES
from qm_tui.tui.frame.page import Page


@pytest.mark.parametrize("key", PAGES)
def test_page_is_found_by_its_entry(key):
    page = getattr(import_module(PAGES[key].module), PAGES[key].class_name)
    assert issubclass(page, Page)
    assert key == page.PAGE
