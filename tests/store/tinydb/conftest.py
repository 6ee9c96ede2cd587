"""What the tests of the store in a TinyDB database share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.tinydb.damage import quick_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder."""
    with quick_folder() as folder:
        yield folder
