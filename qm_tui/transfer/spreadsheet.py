"""What a spreadsheet makes of values when it opens and saves a file.

Source: the users file, section 3 (values altered by a spreadsheet) and section 4 (the option for
Excel).

A spreadsheet reads a cell as a number, a date, a time, a boolean or a formula if it can, and then
shows what it has read in another form. How it reads and shows depends on the program, its language
and the format of the cell. So this module lists all that a cell may be read as, and all that a
shown cell may mean; a value may have been altered to another one if the two lists have something
in common. The export asks with the first list only (`may_be_altered`), the import with both
(`is_altered`), so they always agree.

Numbers, and times as parts of a day, have the error of their last shown digit.
"""

import re
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from qm_tui.users.fields import Field, Kind

FORMULA_PREFIXES: Final = "=+-@\t"
"""The first characters of values that a spreadsheet would run."""

_PREFIXES: Final = tuple(FORMULA_PREFIXES)

_MAX_LENGTH: Final = 320
"""The longest text that a spreadsheet reads as a number: 309 digits and a few signs."""

_PRECISION: Final = 15
"""Digits that a spreadsheet keeps; the following ones become 0."""

_CELL_PRECISION: Final = 9
"""Digits behind the first one that the default format shows of a number with decimals."""

_MAX_EXPONENT: Final = 308
_MAX_NUMBER: Final = Decimal(f"1.79769313486232E{_MAX_EXPONENT}")
"""The largest number of a spreadsheet. LibreOffice shows it for all larger ones."""

_ERROR: Final = re.compile(
    r"#(?:[¡¿]?[^\W\d_][^\W\d]+(?:/0)?[ \xa0\u202f]?[!?]|[^\W\d_]{1,2}/[^\W\d_]"
    r"|NV|GETTING_DATA|BRAK|YOK|HIÁNYZIK|NENÍ_K_DISPOZICI|#+)"
    r"|(?:Err|Fehler)[ \xa0\u202f]?:[0-9]{3}"
)
"""Error values of any language, if in upper case (`#NAME?`, `#¡VALOR!`, `#ДЕЛ/0!`, `#N/D`), also of
a column that is too narrow (`##`)."""

_NUMBER_FORMAT: Final = re.compile(r"[0-9](?:[.,][0-9]+)?[Ee][-+][0-9]{1,3}|[0-9]+\.0+")

_TRUTH: Final = {
    "true": "1",
    "wahr": "1",
    "vrai": "1",
    "false": "0",
    "falsch": "0",
    "faux": "0",
}
"""Boolean words in lower case, and the flags that they mean."""

_SEPARATORS: Final = r".,'’ \xa0\u202f"
_CURRENCY: Final = r"[$€£¥]|EUR|USD|GBP|CHF|kr\.?"
_AFFIX: Final = rf"(?:[-+()%\s]|{_CURRENCY})*+"
_CELL_NUMBER: Final = re.compile(
    rf"({_AFFIX})([0-9.,](?:[0-9{_SEPARATORS}]*[0-9.,])?)(?: ?[Ee] ?([-+]?[0-9]+))?({_AFFIX})"
)
_GROUPED: Final = re.compile(rf"[0-9]+(?:([{_SEPARATORS}])[0-9]{{3}})(?:\1[0-9]{{3}})*")
_SHOWN_GROUPS: Final = re.compile(
    rf"[1-9][0-9]{{0,2}}(?:([{_SEPARATORS}])[0-9]{{3}})(?:\1[0-9]{{3}})*"
)
_LIST: Final = re.compile(r"[0-9]+(?:, ?[0-9]+)+")
"""Numbers separated by commas: some spreadsheets ignore thousands separators in other places."""

_DECIMAL: Final = re.compile(rf"([0-9{_SEPARATORS}]*?)([.,])([0-9]*)")
_FRACTION: Final = re.compile(r"([-+]?)(?:([0-9]+) +)?([0-9]+)/([0-9]+)")
_TERM: Final = re.compile(r"([-+])([0-9]+(?:[*/][0-9]+)*)")
_TERMS: Final = re.compile(rf"(?:{_TERM.pattern})+")

_SHOWN_NUMBER: Final = re.compile(
    rf"(?:[-(\s]|{_CURRENCY})*+"
    rf"(?:(?:0|[1-9][0-9]*|[1-9][0-9]{{0,2}}(?:([{_SEPARATORS}])[0-9]{{3}})+)(?:[.,][0-9]+)?"
    rf"|[.,][0-9]+)(?:[Ee][-+]?[0-9]+)?(?:[-)%\s]|{_CURRENCY})*+"
)
"""A number as a spreadsheet shows it: without a plus sign or leading zeros."""

_ZERO: Final = re.compile(rf"(?:\s|{_CURRENCY})*+-(?:[?\s]|{_CURRENCY})*+")
"""Zero in an accounting format."""

_MONTHS: Final = (
    "jan(?:uary|uar|vier|v)?",
    "feb(?:ruary|ruar)?|f[ée]v(?:r|rier)?",
    "mar(?:ch|s)?|m[äa]r?z|mrz",
    "a[pv]r(?:il)?",
    "may|mai",
    "june?|juni|juin",
    "july?|juli|juil(?:let)?",
    "aug(?:ust)?|ao[uû]t",
    "sept?(?:ember|embre)?",
    "o[ck]t(?:ober|obre)?",
    "nov(?:ember|embre)?",
    "d[eé][cz](?:ember|embre)?",
)
_WEEKDAYS: Final = (
    *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    *("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag"),
    *("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
)
_MONTH: Final = tuple(re.compile(month, re.IGNORECASE) for month in _MONTHS)
_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_GAP: Final = "[ .,/-]{0,3}"
_DATE_IN_WORDS: Final = re.compile(
    rf"(?:(?:{'|'.join(_WEEKDAYS)}),? )?"
    rf"(?:([0-9]{{1,4}}){_GAP})?({'|'.join(_MONTHS)})\.?(?:{_GAP}([0-9]{{1,4}}))?"
    rf"(?:{_GAP}([0-9]{{1,4}}))?\.?",
    re.IGNORECASE,
)
_DATE: Final = re.compile(r"([0-9]{1,4})([-/.])([0-9]{1,4})(?:\2([0-9]{1,4})|\2)?")
_TIME: Final = re.compile(
    r"([0-9]{1,4})(?::(?:([0-9]{1,2})(?:[: ]([0-9]{1,2}(?:[.,][0-9]{1,9})?))?:?)?)?"
    r"( ?[ap]m| [ap])?",
    re.IGNORECASE,
)
_MINUTES: Final = re.compile(r"([0-9]{1,4}):([0-9]{1,2}[.,][0-9]{1,9})")
_DAY_SECONDS: Final = 86_400
_NOTHING: Final = Decimal(0)
_EPOCH: Final = date(1899, 12, 30)
_SERIALS: Final = range(36_526, 73_051)
"""The serial numbers of the days of this century."""

_END: Final = r"(?![^\n])"
_UNALTERED: Final = (
    # longer integers become 1.23E+11
    r"[0-9]|[1-9][0-9]{1,10}"
    # addresses, except for those that look like a number with dots between the thousands
    r"|[0-9]{1,3}\.(?:[0-9]{1,2}\.[0-9]{1,3}\.[0-9]{1,3}|[0-9]{3}\.[0-9]{1,2}\.[0-9]{1,3}"
    r"|[0-9]{3}\.[0-9]{3}\.[0-9]{1,2})"
)
_LETTER_CLASS: Final = "[A-Za-zÀ-ÖØ-öø-ÿ]"
_LETTERS: Final = rf"{_LETTER_CLASS}{{1,10}}+"
_OTHERS: Final = "[\\t -@\\[-`{-\xbf\u2019\u202f\u20ac]"
_TRUTH_INITIALS: Final = "".join(
    {letter for word in _TRUTH for letter in (word[0], word[0].upper())}
)
_CANDIDATE: Final = re.compile(
    rf"\n([{re.escape(FORMULA_PREFIXES)}#][^\n]*+"
    rf"|(?!(?:{_UNALTERED}){_END}){_OTHERS}++(?:{_LETTERS}{_OTHERS}*+)?"
    # A17 is neither a month nor a currency; a day of the week may be before a month
    rf"|{_LETTER_CLASS}{{2,10}}+{_OTHERS}++(?:(?<= ){_LETTERS}{_OTHERS}++)?"
    rf"|(?=[{_TRUTH_INITIALS}])(?i:{'|'.join(_TRUTH)})){_END}"
)
"""A line with a value that may be altered: few others match. It begins with the end of a line, as a
search for a single character is fast."""


class _Number(NamedTuple):
    """A number, half a unit of its last digit, and whether it is written with decimals alone."""

    value: Decimal
    error: Decimal = _NOTHING
    has_decimals: bool = False


class _Date(NamedTuple):
    """A day, and the time of day as a part of it. The year is within its century; None is any."""

    year: int | None
    month: int
    day: int
    time: _Number = _Number(_NOTHING)


_Meaning = _Number | _Date


def has_number_format(value: str) -> bool:
    """Return whether the value, or a part of a list, is a number with an exponent or `.0`.

    Spreadsheets and other programs write extensions and other identifiers so if they have read them
    as numbers.
    """
    return any(map(_NUMBER_FORMAT.fullmatch, (value, *map(str.strip, value.split(",")))))


def is_error_value(value: str) -> bool:
    """Return whether the value is an error value of a spreadsheet, such as `#NAME?`, `Err:520`."""
    return _ERROR.fullmatch(value) is not None and (value[0] != "#" or value == value.upper())


def may_be_altered(values: Collection[str]) -> list[str]:
    """Return the values that a spreadsheet may alter when it opens and saves a file.

    Spreadsheets differ by language, so the check is generous. It finds all that a spreadsheet may
    read as something else than text (`is_altered` lists it), but no integer of up to 11 digits
    without a leading zero: every spreadsheet saves that unchanged unless the cell gets another
    format. An IPv4 address is altered only if it looks like a number with dots between the
    thousands (`10.100.100.100`).

    Args:
        values: many values, because single ones are checked only if they look like a number, a date
            or a formula.
    """
    text = "\n".join(("", *values))
    if text.count("\n") == len(values):
        return [value for value in _CANDIDATE.findall(text) if _is_read(value)]
    # a value with a line break, which a store of another program may contain
    return [value for value in values if _CANDIDATE.fullmatch("\n" + value) and _is_read(value)]


def _is_read(value: str) -> bool:
    """Return whether a spreadsheet may read a cell as something else than text."""
    if value.isdecimal() or value.startswith(_PREFIXES):
        return True
    if _GROUPED.fullmatch(value) or _LIST.fullmatch(value):  # before the slow arithmetic
        return True
    return value.lower() in _TRUTH or is_error_value(value) or any(True for _ in _read(value))


def is_altered(stored: str, value: str, field: Field) -> bool:
    """Return whether a spreadsheet may have altered `stored` to `value`.

    True if `value` is

    - an error value: it is never wanted;
    - a number that `stored` may be read as, to half a unit of its last digit: without leading zeros
      or a plus sign, with an exponent, with 15 digits, with other decimals, with thousands
      separators, a currency, `%` or in parentheses; also if `stored` is a list or an IPv4 address;
    - a date or a time that `stored` may be read as, or its serial number;
    - the result of `stored` as a formula. A formula with `=` may have any result;
    - a boolean word for another one, or for a flag;
    - `stored` with or without a `'` that keeps a spreadsheet from reading it;
    - `stored` with `?` for letters, which a spreadsheet that saves in a code page without them
      writes (`may_be_altered` does not count these: it knows of no code page);
    - a list of such values.

    False if they are equal, and for a `value` that no spreadsheet shows: one that has gained a
    leading zero or a plus sign was corrected.

    Args:
        stored: the value before.
        value: the value in the file.
        field: the field of both.
    """
    if stored == value or not value:
        return False
    if is_error_value(value):
        return True
    if not stored:
        return False
    if "?" in value and _has_lost_letters(stored, value):
        return True
    before, after = stored.removeprefix("'").strip(), value.removeprefix("'").strip()
    if before == after:  # only blanks or the apostrophe differ
        return _is_read(before)
    if stored.startswith("="):
        return not value.startswith("=")
    if field.kind is Kind.FLAG and _TRUTH.get(value.lower()) == stored:
        return True
    if field.kind is Kind.LIST and before.isdecimal() and _LIST.fullmatch(after):
        # another member, unless the comma is between the thousands
        digits = before.lstrip("0")
        return bool(_SHOWN_GROUPS.fullmatch(after)) and after.replace(",", "") == digits
    if _is_altered_cell(before, after):
        return True
    if "," not in before or "," not in after:
        return False
    olds, news = ([part.strip() for part in text.split(",")] for text in (before, after))
    return (
        len(olds) == len(news)
        and olds != news  # only blanks
        and all(map(_is_same_or_altered, olds, news))
    )


def _has_lost_letters(stored: str, value: str) -> bool:
    return len(stored) == len(value) and all(
        old == new or (new == "?" and not old.isascii())
        for old, new in zip(stored, value, strict=True)
    )


def _is_same_or_altered(stored: str, value: str) -> bool:
    return stored == value or _is_altered_cell(stored, value)


def _is_altered_cell(stored: str, value: str) -> bool:
    if stored.isdecimal() and value.isdecimal() and len(stored) <= _PRECISION:  # the usual edit
        return value == (stored.lstrip("0") or "0")
    if value.isupper() and value.lower() in _TRUTH:
        return _TRUTH.get(stored.lower()) == _TRUTH[value.lower()]
    shown = list(_shown(value))
    if not shown:
        return False
    return any(_agree(read, meaning) for read in _read(stored) for meaning in shown)


def _agree(read: _Meaning, shown: _Meaning) -> bool:
    """Return whether what a cell was read as may be shown so."""
    if isinstance(read, _Number):
        return isinstance(shown, _Number) and abs(read.value - shown.value) <= _error(read, shown)
    if isinstance(shown, _Number):
        serial = int(shown.value)
        if serial not in _SERIALS:
            return False
        day = _EPOCH + timedelta(serial)
        shown = _Date(day.year % 100, day.month, day.day, shown._replace(value=shown.value % 1))
    return (
        (read.month, read.day) == (shown.month, shown.day)
        and (read.year is None or shown.year is None or read.year == shown.year)
        and _agree(read.time, shown.time)
    )


def _error(read: _Number, shown: _Number) -> Decimal:
    """Return by how much a shown number may differ; less than 0 if it was not shown so.

    The default format shows no zeros at the end of decimals, and rounds only what is too long for a
    cell. Other decimals of a number that has some already are an edit: a list may be one.
    """
    if not (read.has_decimals and shown.has_decimals):
        return shown.error
    if shown.value.as_tuple().digits[-1] == 0:
        return Decimal(-1)
    return min(shown.error, Decimal(f"5E{max(shown.value.adjusted(), 0) - _CELL_PRECISION}"))


def _read(text: str) -> Iterator[_Meaning]:
    """Yield all that a spreadsheet may read the text of a cell as; nothing for a text."""
    if len(text) > _MAX_LENGTH:
        return
    text = text.strip()
    yield from _numbers(text)
    if " " in text:  # 1/2 is a date
        yield from _fractions(text)
    yield from _dates(text)
    yield from _times(text)
    if _TERMS.fullmatch(text):
        yield from _sum(text)


def _shown(text: str) -> Iterator[_Meaning]:
    """Yield all that a spreadsheet may mean with a shown cell; nothing for a text."""
    if len(text) > _MAX_LENGTH:
        return
    if _SHOWN_NUMBER.fullmatch(text):
        yield from _numbers(text, is_shown=True)
    elif _ZERO.fullmatch(text):
        yield _Number(_NOTHING)
    yield from _fractions(text)
    yield from _dates(text, is_shown=True)
    yield from _times(text)


def _numbers(text: str, *, is_shown: bool = False) -> Iterator[_Number]:
    match = _CELL_NUMBER.fullmatch(text)
    if match is None:
        return
    before, body, power, after = match.groups()
    affixes = before + after
    exponent = int(power or 0) - 2 * ("%" in affixes)
    is_plain = not power and not affixes
    for digits in dict.fromkeys(_readings(body, is_shown=is_shown)):
        whole, _, decimals = digits.partition(".")
        size = len(whole.lstrip("0")) + exponent
        if size > _MAX_EXPONENT + 1:
            yield _Number(_MAX_NUMBER if int(whole + decimals) else _NOTHING)
        elif size < -_MAX_EXPONENT:
            yield _Number(_NOTHING)
        else:
            value = min(Decimal(f"{digits}E{exponent}"), _MAX_NUMBER)
            if "-" in affixes or "(" in affixes:
                value = value.copy_negate()
            if decimals or (power and power[0] in "+-"):
                error = Decimal(f"5E{exponent - len(decimals) - 1}")
            elif len(whole) > _PRECISION and not whole[_PRECISION:].strip("0"):
                error = Decimal(f"1E{len(whole) - _PRECISION}")  # Excel does not round
            else:
                error = _NOTHING
            yield _Number(value, error, is_plain and bool(decimals))


def _readings(body: str, *, is_shown: bool = False) -> Iterator[str]:
    """Yield the digits of a number, with a `.` before the decimals, for any separators in it.

    A spreadsheet may read thousands of any size, but shows groups of three digits.
    """
    if body.isdigit():
        yield body
        return
    grouped = _SHOWN_GROUPS if is_shown else _GROUPED
    if grouped.fullmatch(body) or (not is_shown and _LIST.fullmatch(body)):
        yield "".join(filter(str.isdigit, body))
    match = _DECIMAL.fullmatch(body)
    if match is None:
        return
    whole, sign, decimals = match.groups()
    groups = grouped.fullmatch(whole)
    if (groups and groups[1] != sign) or whole.isdigit() or (decimals and not whole):
        yield f"{''.join(filter(str.isdigit, whole)) or '0'}.{decimals}"


def _fractions(text: str) -> Iterator[_Number]:
    match = _FRACTION.fullmatch(text)
    if match and (divisor := Decimal(match[4])):
        value = int(match[2] or 0) + Decimal(match[3]) / divisor
        yield _Number(value.copy_negate() if match[1] == "-" else value)


def _sum(text: str) -> Iterator[_Number]:
    """Yield the result of a formula such as `-2+3`."""
    total = _NOTHING
    for sign, factors in _TERM.findall(text):
        product, *others = re.split("(?=[*/])", factors)
        value = Decimal(product)
        for other in others:
            number = Decimal(other[1:])
            if other[0] == "/" and not number:
                return  # an error value
            value = value * number if other[0] == "*" else value / number
        total += -value if sign == "-" else value
    yield _Number(total)


def _dates(text: str, *, is_shown: bool = False) -> Iterator[_Date]:
    """Yield the days that a text may mean, with the time if there is one."""
    day, time = text, _Number(_NOTHING)
    if ":" in text:
        day, _, clock = text.replace("T", " ", 1).partition(" ")
        times = list(_times(clock))
        if not times:
            return
        (time,) = times
    for year, month_text, day_text in _days(day, is_shown=is_shown):
        month, number = int(month_text), int(day_text)
        if 1 <= month <= len(_DAYS) and 1 <= number <= _DAYS[month - 1]:
            yield _Date(int(year) % 100 if year else None, month, number, time)


def _days(text: str, *, is_shown: bool) -> Iterator[tuple[str, str, str]]:
    """Yield year, month and day for each order in which a date may be written; `""` is any year.

    A spreadsheet shows a date in digits with all three parts, and a year with two or four digits.
    """
    days: list[tuple[str, str, str]] = []
    if match := _DATE_IN_WORDS.fullmatch(text):
        before, name, *after = match.groups()
        month = next(str(index) for index, names in enumerate(_MONTH, 1) if names.fullmatch(name))
        numbers = [number for number in (before, *after) if number]
        if len(numbers) == 1:
            days = [("", month, numbers[0]), (numbers[0], month, "1")]
        elif len(numbers) == 2:
            days = [(numbers[1], month, numbers[0]), (numbers[0], month, numbers[1])]
    elif match := _DATE.fullmatch(text):
        first, _, second, third = match.groups()
        if third:
            days = [(third, second, first), (third, first, second), (first, second, third)]
        elif not is_shown:
            days = [("", second, first), ("", first, second)]
            days += [(second, first, "1"), (first, second, "1")]
    for day in days:
        if not is_shown or len(day[0]) in (0, 2, 4):
            yield day


def _times(text: str) -> Iterator[_Number]:
    hour: str | None
    half: str | None
    if match := _MINUTES.fullmatch(text):
        minute, second = match.groups()
        hour = half = None
    elif (match := _TIME.fullmatch(text)) and not text.isdigit():
        hour, minute, second, half = match.groups()
    else:
        return
    hours, minutes = int(hour or 0), int(minute or 0)
    seconds = Decimal((second or "0").replace(",", "."))
    if (hour and minutes >= 60) or seconds >= 60 or (half and hours > 12):
        return
    if half:
        hours = hours % 12 + (12 if "p" in half.lower() else 0)
    error = Decimal("0.5" if second else "30")
    yield _Number((hours * 3600 + minutes * 60 + seconds) / _DAY_SECONDS, error / _DAY_SECONDS)
