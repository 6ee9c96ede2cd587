"""Fixtures of the tests of the packages."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def dist() -> Path:
    """Return the folder with the packages that `make package` has built."""
    folder = ROOT / "dist"
    if not (folder / "SHA256SUMS").exists():
        pytest.fail("there are no packages; run make package")
    return folder
