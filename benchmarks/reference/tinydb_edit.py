"""Reference for an edit: the same edit in TinyDB with its own storage, which does not sync.

    python benchmarks/reference/tinydb_edit.py FILE EDITS

Prints the median duration of an update of one user by document ID in seconds.
"""

import json
import sys
import time
from statistics import median

from tinydb import TinyDB

durations = []
with TinyDB(sys.argv[1], encoding="utf-8") as db:
    table = db.table("users")
    for number in range(int(sys.argv[2])):
        begin = time.perf_counter()
        table.update({"location": f"Place {time.time_ns()}"}, doc_ids=[1 + number * 7])
        durations.append(time.perf_counter() - begin)
print(json.dumps({"seconds": median(durations)}))
