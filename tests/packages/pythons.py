"""The Pythons of the machine."""

import shutil
import sys
from pathlib import Path

import pytest

_PYENV = Path("~/.pyenv/versions").expanduser()


def installed_python(version: str) -> str:
    """Return the Python of a version. The test is skipped if there is none."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    found = [*_PYENV.glob(f"{version}.*/bin/python"), shutil.which(f"python{version}")]
    if found[0] is None:
        pytest.skip(f"Python {version} is not installed")
    return str(found[0])
