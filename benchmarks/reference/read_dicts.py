"""Reference for the import: the same file with `csv.reader` into dicts, without checks.

python benchmarks/reference/read_dicts.py FILE
"""

import csv
import sys
from pathlib import Path

with Path(sys.argv[1]).open(newline="", encoding="utf-8") as file:
    reader = csv.reader(file)
    header = next(reader)
    users = [dict(zip(header, row, strict=True)) for row in reader]
print(len(users))
