"""What the snapshot held, made anew of the one before it and the journal that led on from that."""

from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

from qm_tui.store import snapshot
from qm_tui.store.contents import Contents
from qm_tui.store.frames import Damaged
from qm_tui.store.history import History
from qm_tui.store.journal import Journal, NotAJournal
from qm_tui.store.replay import DoesNotFit, Replay


def contents_before(previous: Path, history: History, generation: int) -> Contents | None:
    """What the store held at its last checkpoint; None where that cannot be made out.

    Args:
        previous: the snapshot before the last, `users.json~`.
        history: where the journal is that led on from it.
        generation: that of the last checkpoint.
    """
    with suppress(OSError, snapshot.NotASnapshot, NotAJournal, Damaged, DoesNotFit):
        with previous.open("rb") as file:
            reading = snapshot.Reading(file)
            contents = Contents.read(reading.parts())
        path = history.leading_on_from(reading.head.uid) if reading.head else None
        if path is None or not reading.is_as_written:
            return None
        contents.state = replace(contents.state, generation=reading.generation)
        replay = Replay(contents)
        with closing(Journal(path, may_write=False)) as journal:
            for recorded in journal.read_on():
                replay.add(recorded)
        replay.finish()
        return contents if contents.state.generation == generation else None
    return None
