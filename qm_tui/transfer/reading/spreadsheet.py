"""What a spreadsheet does to values, how it is prevented, and how it is recognized.

Source: the users file, section 2 (cells of the form `="0123"`), section 3 ("What a spreadsheet
ate") and section 4 (the choices for a spreadsheet).

A value on its way into a file is guarded first (`'` before what would run) and then wrapped
(`="0123"`); on its way out it is unwrapped first. Whatever the choices of an export, a value that
a reader would change is guarded or wrapped once more, so that it comes back as it was.
"""

import re
from typing import Final

_WRAPPED: Final = re.compile(r'="((?:[^"]|"")*)"', re.DOTALL)
_EXPONENT: Final = re.compile(r"\+?([1-9])(?:[.,]([0-9]{1,14}))?[Ee]\+?([0-9]{1,2})")
_NUMBER: Final = re.compile(r"\+?[0-9]{1,100}")

GUARD: Final = "'"
"""What stands before a value that would run, so that it does not."""

FORMULA_SIGNS: Final = "=+-@\t"
"""The characters with which a value begins that a spreadsheet would run."""

_PHONE: Final = re.compile(r"\+[ \xa0\u202f./()-]*+[0-9][0-9 \xa0\u202f./()-]*+")

_LONGEST_INTEGER: Final = 11
"""Digits that every spreadsheet shows as they are; of more it makes `1.23E+11`."""

_MONTHS: Final = (
    "jan(?:uary|uar|vier|v)?|feb(?:ruary|ruar)?|f[ée]v(?:r|rier)?|mar(?:ch|s)?|m[äa]r?z|mrz"
    "|a[pv]r(?:il)?|may|mai|june?|juni|juin|july?|juli|juil(?:let)?|aug(?:ust)?|ao[uû]t"
    "|sept?(?:ember|embre)?|o[ck]t(?:ober|obre)?|nov(?:ember|embre)?|d[eé][cz](?:ember|embre)?"
)
_DAY: Final = "[0-9]{1,4}"
_GAP: Final = "[ .,/-]{0,3}"
_DATE_IN_WORDS: Final = re.compile(
    rf"{_DAY}{_GAP}(?:{_MONTHS})\.?(?:{_GAP}{_DAY})?|(?:{_MONTHS}){_GAP}{_DAY}(?:{_GAP}{_DAY})?",
    re.IGNORECASE,
)
_LONGEST_DATE: Final = 24
_TIME: Final = re.compile(r"[0-9][0-9:. ]*(?: [ap]| ?[ap]m)", re.IGNORECASE)
_TRUTH: Final = frozenset(("true", "false", "wahr", "falsch", "vrai", "faux"))
_SIGNS_OF_NUMBERS: Final = " \xa0\u202f+-.,:/%()$€£¥"
_DIGITS: Final = "0123456789"
_NUMBERS_BEGIN: Final = _DIGITS + _SIGNS_OF_NUMBERS
_LIKE_A_NUMBER: Final = re.compile(
    rf"[0-9{re.escape(_SIGNS_OF_NUMBERS)}]*(?:[0-9][.,]?[Ee][+-]?[0-9]+)?"
)
_PLAIN_IPV4: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_THOUSANDS: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+")


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


def would_run(value: str) -> bool:
    """Whether a spreadsheet would take the value for a formula and run it.

    True of what begins with `=`, `+`, `-`, `@` or a tab; not of phone numbers (`+47 22 12 34 56`).
    """
    if not value or value[0] not in FORMULA_SIGNS:
        return False
    return _PHONE.fullmatch(value) is None


def unguarded(cell: str) -> str:
    """The value behind the `'` of a guarded cell; any other cell as it is."""
    return cell[1:] if needs_guard(cell) else cell


def guarded(value: str) -> str:
    """The value behind a `'`: what `unguarded` makes the value of again, if it would run."""
    return GUARD + value


def needs_guard(value: str) -> bool:
    """Whether a reader would take the value itself for a guarded one."""
    return value.startswith(GUARD) and would_run(value.lstrip(GUARD))


def mangled(value: str) -> bool:
    """Whether a spreadsheet that opens a file with the value in it may show and save another one.

    Spreadsheets differ with their language, so the question is asked generously. True of:

    - what consists of digits and the signs of numbers, dates and times alone: leading zeros,
      `+47`, decimals, dates, times, numbers separated by commas; but an integer of up to 11
      digits without a leading zero stays as it is, and so does an IPv4 address, unless it
      looks like a number with dots between the thousands (`10.100.100.100`);
    - exponent forms (`1E5`);
    - dates with the name of a month (`2-Mar`), times with am or pm, words of truth (`true`), in
      English, German and French;
    - what would run: its result takes its place.
    """
    if not value or value.isalpha():
        return value.lower() in _TRUTH
    if value.isascii() and value.isdigit():
        return len(value) > _LONGEST_INTEGER or (value[0] == "0" and len(value) > 1)
    if value[0] in FORMULA_SIGNS:
        return True
    if value[0] in _NUMBERS_BEGIN:
        if _LIKE_A_NUMBER.fullmatch(value):
            is_address = _PLAIN_IPV4.fullmatch(value) and not _THOUSANDS.fullmatch(value)
            return not is_address and any(digit in value for digit in _DIGITS)
        if _TIME.fullmatch(value):
            return True
    return len(value) <= _LONGEST_DATE and _DATE_IN_WORDS.fullmatch(value) is not None


def was_eaten(stored: str, found: str) -> bool:
    """Whether a spreadsheet may have made `found` out of `stored`.

    True where the two differ only by lost leading zeros, a lost plus sign or exponent form, also
    inside comma-separated lists. False where they are equal.
    """
    if stored == found or not found or not stored:
        return False
    if _number_was_eaten(stored, found):
        return True
    if "," not in stored:
        return False
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
