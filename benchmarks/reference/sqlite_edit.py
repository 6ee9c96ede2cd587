"""The reference of an edit: the same in SQLite, as durable.

    python benchmarks/reference/sqlite_edit.py SNAPSHOT DATABASE EDITS

Prints the median seconds of an UPDATE by primary key and its commit (WAL, synchronous=FULL). The
database is made of the snapshot's users where it is not there yet.
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
        [tuple(one.values()) for one in users],
    )
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
user_ids = [one for (one,) in connection.execute("SELECT user_id FROM users ORDER BY user_id")]
taken = []
for number in range(edits):
    user_id = user_ids[number * 7919 % len(user_ids)]
    begin = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        "UPDATE users SET location = ? WHERE user_id = ?", (f"Place {time.time_ns()}", user_id)
    )
    connection.execute("COMMIT")
    taken.append(time.perf_counter() - begin)
print(json.dumps({"seconds": median(taken)}))
