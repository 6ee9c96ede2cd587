"""How spreadsheets alter values: prevention, recognition, and the guard against CSV injection.

Source: the users file, section 2 (cells of the form `="0123"`), section 3 (values altered by a
spreadsheet) and section 4 (the options for a spreadsheet).

When a value is written, it is guarded first (`'` before formulas) and then wrapped (`="0123"`);
when it is read, it is unwrapped first. Whatever the options of an export are, a value that a
reader would change is guarded or wrapped once more, so that it is read unchanged.
"""

import re
from typing import Final

_TEXT_FORMULA: Final = re.compile(r'="((?:[^"]|"")*)"', re.DOTALL)
_EXPONENT: Final = re.compile(r"\+?([1-9])(?:[.,]([0-9]{1,14}))?[Ee]\+?([0-9]{1,2})")
_NUMBER: Final = re.compile(r"\+?[0-9]{1,100}")

GUARD: Final = "'"
"""The prefix that keeps a spreadsheet from running a value."""

FORMULA_PREFIXES: Final = "=+-@\t"
"""The first characters of values that a spreadsheet would run."""

_PHONE: Final = re.compile(r"\+[ \xa0\u202f./()-]*+[0-9][0-9 \xa0\u202f./()-]*+")

_MAX_INTEGER: Final = 11
"""Digits that every spreadsheet shows unchanged; longer numbers become `1.23E+11`."""

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
_MAX_DATE: Final = 24
_TIME: Final = re.compile(r"[0-9][0-9:. ]*(?: [ap]| ?[ap]m)", re.IGNORECASE)
_TRUTH: Final = frozenset(("true", "false", "wahr", "falsch", "vrai", "faux"))
_NUMBER_CHARACTERS: Final = " \xa0\u202f+-.,:/%()$€£¥"
_DIGITS: Final = "0123456789"
_NUMBERS_BEGIN: Final = _DIGITS + _NUMBER_CHARACTERS
_LIKE_A_NUMBER: Final = re.compile(
    rf"[0-9{re.escape(_NUMBER_CHARACTERS)}]*(?:[0-9][.,]?[Ee][+-]?[0-9]+)?"
)
_PLAIN_IPV4: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_THOUSANDS: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+")


def from_text_formula(cell: str) -> str:
    """Return the value inside a cell of the form `="0123"`; other cells unchanged."""
    if not cell.startswith('="'):
        return cell
    match = _TEXT_FORMULA.fullmatch(cell)
    return match.group(1).replace('""', '"') if match else cell


def as_text_formula(value: str) -> str:
    """Return the value in the form `="0123"`, the inverse of `from_text_formula`."""
    return '="' + value.replace('"', '""') + '"'


def is_text_formula(value: str) -> bool:
    """Return whether a reader would unwrap the value itself."""
    return value.startswith('="') and _TEXT_FORMULA.fullmatch(value) is not None


def is_formula(value: str) -> bool:
    """Return whether a spreadsheet would run the value as a formula.

    True for values that begin with `=`, `+`, `-`, `@` or a tab; not for phone numbers
    (`+47 22 12 34 56`).
    """
    if not value or value[0] not in FORMULA_PREFIXES:
        return False
    return _PHONE.fullmatch(value) is None


def unescape_formula(cell: str) -> str:
    """Return the value without the `'` of a guarded cell; other cells unchanged."""
    return cell[1:] if needs_escape(cell) else cell


def escape_formula(value: str) -> str:
    """Return the value with a `'`, the inverse of `unescape_formula` for values that would run."""
    return GUARD + value


def needs_escape(value: str) -> bool:
    """Return whether a reader would remove a `'` of the value itself."""
    return value.startswith(GUARD) and is_formula(value.lstrip(GUARD))


def spreadsheet_would_alter(value: str) -> bool:
    """Return whether a spreadsheet may alter the value when it opens and saves a file.

    Spreadsheets differ by language, so the check is generous. True for:

    - values of only digits and the characters of numbers, dates and times: leading zeros, `+47`,
      decimals, dates, times, numbers separated by commas; but not for an integer of up to 11 digits
      without a leading zero, and not for an IPv4 address, unless it looks like a number with dots
      between the thousands (`10.100.100.100`);
    - exponent notation (`1E5`);
    - dates with the name of a month (`2-Mar`), times with am or pm, boolean words (`true`), in
      English, German and French;
    - formulas: they are replaced by their result.
    """
    if not value or value.isalpha():
        return value.lower() in _TRUTH
    if value.isascii() and value.isdigit():
        return len(value) > _MAX_INTEGER or (value[0] == "0" and len(value) > 1)
    if value[0] in FORMULA_PREFIXES:
        return True
    if value[0] in _NUMBERS_BEGIN:
        if _LIKE_A_NUMBER.fullmatch(value):
            is_address = _PLAIN_IPV4.fullmatch(value) and not _THOUSANDS.fullmatch(value)
            return not is_address and any(digit in value for digit in _DIGITS)
        if _TIME.fullmatch(value):
            return True
    return len(value) <= _MAX_DATE and _DATE_IN_WORDS.fullmatch(value) is not None


def is_spreadsheet_damage(stored: str, value: str) -> bool:
    """Return whether a spreadsheet may have altered `stored` to `value`.

    True if they differ only by lost leading zeros, a lost plus sign or exponent notation, also
    inside comma-separated lists. False if they are equal.
    """
    if stored == value or not value or not stored:
        return False
    if _is_number_damage(stored, value):
        return True
    if "," not in stored:
        return False
    before, after = stored.split(","), value.split(",")
    return len(before) == len(after) and all(
        old == new or _is_number_damage(old.strip(), new.strip())
        for old, new in zip(before, after, strict=True)
    )


def _is_number_damage(stored: str, altered: str) -> bool:
    if not _NUMBER.fullmatch(stored):
        return False
    number = int(stored)
    if _NUMBER.fullmatch(altered):
        return stored.endswith(altered) and len(altered) < len(stored) and int(altered) == number
    exponent = _EXPONENT.fullmatch(altered)
    if exponent is None:
        return False
    first, others, power = exponent.groups(default="")
    # the number shown is correct to half a unit of its last digit
    digits, last_place = int(first + others), int(power) - len(others)
    if last_place <= 0:
        return digits == number * int(10**-last_place)
    unit = int(10**last_place)
    return abs(number - digits * unit) * 2 <= unit
