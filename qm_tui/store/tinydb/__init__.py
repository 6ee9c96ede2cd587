"""The embedded store: a TinyDB file, and a log of all transactions."""

from qm_tui.store.tinydb.store import TinyDBUserStore, open_tinydb_store
from qm_tui.store.tinydb.table import UsersDB

__all__ = ["TinyDBUserStore", "UsersDB", "open_tinydb_store"]
