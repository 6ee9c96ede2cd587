"""Reference for opening a store: one `orjson.loads` of the snapshot.

python benchmarks/reference/load_users.py SNAPSHOT
"""

import json
import sys
import time
from pathlib import Path

import orjson

path = Path(sys.argv[1])
begin = time.perf_counter()
documents = orjson.loads(path.read_bytes())
print(json.dumps({"seconds": time.perf_counter() - begin}))
