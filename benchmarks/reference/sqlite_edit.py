"""Reference for an edit: the same durable edit in SQLite.

    python benchmarks/reference/sqlite_edit.py SNAPSHOT DATABASE EDITS

Prints the median duration of an UPDATE by primary key and its commit in seconds (WAL,
synchronous=FULL). Creates the database from the users of the snapshot if it does not exist.
"""

import json
import sqlite3
import sys
import time
from pathlib import Path
from statistics import median

snapshot, path, edits = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
is_new = not path.exists()
connection = sqlite3.connect(path, isolation_level=None)
assert connection.execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",)
connection.execute("PRAGMA synchronous=FULL")
if is_new:
    users = list(json.loads(snapshot.read_bytes())["users"].values())
    columns = ", ".join(
        f"{key} TEXT{' PRIMARY KEY' if key == 'user_id' else ''}" for key in users[0]
    )
    marks = ", ".join("?" * len(users[0]))
    connection.execute(f"CREATE TABLE users ({columns})")
    connection.execute("BEGIN")
    connection.executemany(
        f"INSERT INTO users VALUES ({marks})",  # noqa: S608 - question marks
        [tuple(user.values()) for user in users],
    )
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
user_ids = [
    user_id for (user_id,) in connection.execute("SELECT user_id FROM users ORDER BY user_id")
]
durations = []
for number in range(edits):
    user_id = user_ids[number * 7919 % len(user_ids)]
    begin = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        "UPDATE users SET location = ? WHERE user_id = ?", (f"Place {time.time_ns()}", user_id)
    )
    connection.execute("COMMIT")
    durations.append(time.perf_counter() - begin)
print(json.dumps({"seconds": median(durations)}))
