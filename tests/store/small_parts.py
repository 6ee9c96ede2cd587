"""Transactions that are written in parts, without being large."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final
from unittest import mock

from qm_tui.store import entries, journal

ROWS_IN_A_PART: Final = 20


@contextmanager
def small_parts(rows: int = ROWS_IN_A_PART) -> Iterator[None]:
    """Let a part be small, so that its file is made and read a thousand times in no time."""
    with ExitStack() as patches:
        for module in (entries, journal):
            patches.enter_context(mock.patch.object(module, "ROWS_IN_A_PART", rows))
        yield
