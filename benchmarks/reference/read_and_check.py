"""Reference for the import: the same file with `csv.reader` into dicts, with simple checks.

Checks required fields, flags, addresses and licenses.

python benchmarks/reference/read_and_check.py FILE
"""

import csv
import socket
import sys
from pathlib import Path

MANDATORY = (
    "First Name",
    "Last Name",
    "Extension",
    "User Name",
    "Password",
    "Is User Active",
    "Recording Service IP Address",
    "Unlimited License",
    "On-Demand License",
)
FLAGS = (
    "Is User Active",
    "Unlimited License",
    "On-Demand License",
    "Computer Recording License",
    "Lookback Enabled",
    "Privacy Enabled",
    "Dual Endpoints Enabled",
)
ADDRESSES = ("Phone IP", "Phone IP 2")


def is_address(value: str) -> bool:
    """Return whether a value is an IPv4, IPv6 or MAC address."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, value)
        except OSError:
            continue
        return True
    plain = value.replace(":", "").replace("-", "").replace(".", "")
    return len(plain) == 12 and all(character in "0123456789abcdefABCDEF" for character in plain)


def is_sound(user: dict[str, str]) -> bool:
    """Return whether a user is valid."""
    for name in MANDATORY:
        if not user[name]:
            return False
    for name in FLAGS:
        if user[name] not in ("", "0", "1"):
            return False
    for name in ADDRESSES:
        if user[name] and not is_address(user[name]):
            return False
    service = user["Recording Service IP Address"]
    if service != "Any" and not is_address(service) and not service.replace("-", "").isalnum():
        return False
    return user["Unlimited License"] != user["On-Demand License"]


with Path(sys.argv[1]).open(newline="", encoding="utf-8") as file:
    reader = csv.reader(file)
    header = next(reader)
    header[25] = "Phone IP 2"
    users = []
    rejected = []
    for row in reader:
        user = dict(zip(header, row, strict=True))
        if is_sound(user):
            users.append(user)
        else:
            rejected.append(reader.line_num)
print(len(users), len(rejected))
