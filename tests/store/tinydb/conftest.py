"""Fixtures of the tests of the TinyDB store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.tinydb.damage import quick_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder."""
    with quick_folder() as folder:
        yield folder
