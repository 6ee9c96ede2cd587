"""Reference for a large commit: one `orjson.dumps` of the same documents, written and synced.

python benchmarks/reference/dump_users.py SNAPSHOT FILE
"""

import json
import os
import sys
import time
from pathlib import Path

import orjson

documents = orjson.loads(Path(sys.argv[1]).read_bytes())["users"]
begin = time.perf_counter()
with Path(sys.argv[2]).open("wb") as file:
    file.write(orjson.dumps(documents))
    file.flush()
    os.fsync(file.fileno())
print(json.dumps({"seconds": time.perf_counter() - begin}))
