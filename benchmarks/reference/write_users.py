"""Reference for the export: `csv.writer` and `itemgetter` over dicts, and a sync.

python benchmarks/reference/write_users.py SNAPSHOT FILE
"""

import csv
import json
import os
import sys
import time
from operator import itemgetter
from pathlib import Path

import orjson

HEADER = (
    "First Name,Last Name,Extension,User ID,Agent ID,Department Name,User Name,Password,"
    "Security Profile Name,Recording Profile Name,Phone IP,Is User Active,"
    "Recording Service IP Address,Unlimited License,On-Demand License,Computer Recording License,"
    "Windows Login,SIP URI,Salt Value,Location,Additional Extensions,Lookback Enabled,"
    "Privacy Enabled,Private Extensions,Dual Endpoints Enabled,Phone IP"
)

users = list(orjson.loads(Path(sys.argv[1]).read_bytes())["users"].values())
begin = time.perf_counter()
with Path(sys.argv[2]).open("w", newline="", encoding="utf-8") as file:
    writer = csv.writer(file)
    writer.writerow(HEADER.split(","))
    writer.writerows(map(itemgetter(*users[0]), users))
    file.flush()
    os.fsync(file.fileno())
print(json.dumps({"seconds": time.perf_counter() - begin}))
