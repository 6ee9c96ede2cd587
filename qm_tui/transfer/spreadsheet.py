"""What a spreadsheet does to values, and how it is recognized.

Source: the users file, section 2 (cells of the form `="0123"`) and section 3 ("What a
spreadsheet ate").
"""

import re
from typing import Final

_WRAPPED: Final = re.compile(r'="((?:[^"]|"")*)"', re.DOTALL)
_EXPONENT: Final = re.compile(r"\+?([1-9])(?:[.,]([0-9]{1,14}))?[Ee]\+?([0-9]{1,2})")
_NUMBER: Final = re.compile(r"\+?[0-9]{1,100}")


def unwrapped(cell: str) -> str:
    """The value inside a cell of the form `="0123"`; any other cell as it is."""
    if not cell.startswith('="'):
        return cell
    found = _WRAPPED.fullmatch(cell)
    return found.group(1).replace('""', '"') if found else cell


def wrapped(value: str) -> str:
    """The value in the form `="0123"`: what `unwrapped` makes the value of again."""
    return '="' + value.replace('"', '""') + '"'


def needs_wrapping(value: str) -> bool:
    """Whether a reader would take the value itself for a wrapped one."""
    return value.startswith('="') and _WRAPPED.fullmatch(value) is not None


def was_eaten(stored: str, found: str) -> bool:
    """Whether a spreadsheet may have made `found` out of `stored`.

    True where the two differ only by lost leading zeros, a lost plus sign or exponent form, also
    inside comma-separated lists. False where they are equal.
    """
    if stored == found or not found or not stored:
        return False
    if _number_was_eaten(stored, found):
        return True
    ours, theirs = stored.split(","), found.split(",")
    return len(ours) == len(theirs) and all(
        one == other or _number_was_eaten(one.strip(), other.strip())
        for one, other in zip(ours, theirs, strict=True)
    )


def _number_was_eaten(stored: str, found: str) -> bool:
    if not _NUMBER.fullmatch(stored):
        return False
    number = int(stored)
    if _NUMBER.fullmatch(found):
        return stored.endswith(found) and len(found) < len(stored) and int(found) == number
    exponent = _EXPONENT.fullmatch(found)
    if exponent is None:
        return False
    first, others, power = exponent.groups(default="")
    # what was shown is right to within half a unit of its last digit
    digits, last_place = int(first + others), int(power) - len(others)
    if last_place <= 0:
        return digits == number * int(10**-last_place)
    unit = int(10**last_place)
    return abs(number - digits * unit) * 2 <= unit
