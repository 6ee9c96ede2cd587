"""Fixtures of the tests of files and settings."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qm_tui.paths import settings_folder


@pytest.fixture
def umask() -> Iterator[Callable[[int], int]]:
    """Return the function that sets the umask, which is restored afterward."""
    before = os.umask(0)
    yield os.umask
    os.umask(before)


@pytest.fixture
def write_settings(home) -> Callable[[str, str | bytes], Path]:
    """Return a function that writes a file in the settings folder, and returns its path."""

    def write(name: str, text: str | bytes) -> Path:
        path = settings_folder() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write
