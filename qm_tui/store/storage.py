"""TinyDB's storage seam on a file that is replaced, never overwritten.

TinyDB's own `JSONStorage` truncates the file and writes it again in place: a kill or a full disk
in between leaves half a file. This one writes beside it, syncs, and renames.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any

from tinydb.storages import Storage

from qm_tui.files import remove_leftovers, replacing
from qm_tui.progress import Tick, no_tick
from qm_tui.store import snapshot


class SnapshotStorage(Storage):
    """A TinyDB storage: `TinyDB(path, storage=SnapshotStorage)`.

    Guards against crashes, not against other writers: whoever writes holds the store's lock.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        self.path = Path(path)

    def read(self) -> dict[str, dict[str, Any]] | None:
        """All tables, or None where there is no file yet.

        Raises:
            NotASnapshot: the file is not TinyDB's JSON.
            OSError: it cannot be read.
        """
        with suppress(FileNotFoundError), self.path.open("rb") as file:
            return snapshot.merged(snapshot.documents_in(file)) or None
        return None

    def write(self, data: snapshot.Tables, tick: Tick = no_tick) -> None:
        """Replace all tables, wholly or not at all.

        Raises:
            OSError: they could not be written; the file is as it was.
            NotDurable: they were, but may not outlast a power cut.
        """
        remove_leftovers(self.path)
        with replacing(self.path) as file:
            snapshot.written(data, file, tick)
