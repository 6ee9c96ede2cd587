"""Models of Excel in some languages: all that it makes of a value is recognized.

They are written from the documented behavior of the program. They open a CSV file, and save it with
the default formats. What LibreOffice makes of values shows `test_libreoffice`.
"""

import calendar
import re
import string
from collections.abc import Callable
from datetime import date, timedelta
from decimal import ROUND_DOWN, Context, Decimal
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qm_tui.transfer.spreadsheet import is_altered, may_be_altered
from qm_tui.users.fields import FIELD
from tests.transfer.spreadsheet_values import SAVED

_YEAR = 2026
_OUT_OF_RANGE = 400


class _Language(NamedTuple):
    """The settings of a language: its signs, the order of its dates, and its words."""

    decimal: str
    thousands: str
    date_sign: str
    month_first: bool
    months: tuple[str, ...]
    booleans: tuple[str, str]


_GERMAN_MONTHS = "Jan Feb Mrz Apr Mai Jun Jul Aug Sep Okt Nov Dez"
_FRENCH_MONTHS = "janv févr mars avr mai juin juil août sept oct nov déc"
_LANGUAGES = {
    "en": _Language(".", ",", "/", True, tuple(calendar.month_abbr)[1:], ("TRUE", "FALSE")),
    "de": _Language(",", ".", ".", False, tuple(_GERMAN_MONTHS.split()), ("WAHR", "FALSCH")),
    "fr": _Language(",", "\u202f", "/", False, tuple(_FRENCH_MONTHS.split()), ("VRAI", "FAUX")),
}


def _number(text: str, language: _Language, *, strict_groups: bool) -> Decimal | None:
    """Return the number that a spreadsheet of this language reads, or None."""
    match = re.fullmatch(r"([-+(]?)\$?([0-9.,\u202f]+?)((?:[Ee][-+]?[0-9]+)?)(%?)([)-]?)", text)
    if match is None or (match[1] == "(") != (match[5] == ")") or (match[5] == "-" and match[1]):
        return None
    whole, _, decimals = match[2].partition(language.decimal)
    if language.thousands in decimals:
        return None
    first, *groups = whole.split(language.thousands)
    if groups and (not first or any(len(group) != 3 for group in groups)) and strict_groups:
        return None
    digits = "".join((first, *groups))
    if not (digits + decimals).isdigit():
        return None
    power = max(-_OUT_OF_RANGE, min(int(match[3][1:] or 0), _OUT_OF_RANGE))
    number = Decimal(f"{digits or 0}.{decimals or 0}E{power}")
    if match[4]:
        number /= 100
    return -number if match[1] in ("-", "(") or match[5] == "-" else number


def _plain(number: Decimal, language: _Language) -> str:
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace(".", language.decimal)


def _exponent(number: Decimal, decimals: int, digits: int, *, trim: bool) -> str:
    mantissa, _, power = f"{number:.{decimals}E}".partition("E")
    if trim:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}E{power[0]}{power[1:]:0>{digits}}"


def _day(text: str, language: _Language) -> date | None:
    """Return the day that a text means, in this year if it says none, or None."""
    words = re.fullmatch(r"([0-9]{1,2})[-. ]{1,2}([^\W\d]+)|([^\W\d]+)[- ]?([0-9]{1,2})", text)
    if words:
        name = (words[2] or words[3]).lower()
        names = [month.lower() for month in language.months]
        if name not in names:
            return None
        parts = [names.index(name) + 1, int(words[1] or words[4])]
    else:
        iso = re.fullmatch(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})", text)
        if iso:
            return _valid(*map(int, iso.groups()))
        numbers = re.fullmatch(r"([0-9]{1,2})([-/.])([0-9]{1,2})(?:\2([0-9]{2}|[0-9]{4}))?", text)
        if numbers is None or (numbers[2] == "." and language.date_sign != "."):
            return None
        first, second = int(numbers[1]), int(numbers[3])
        parts = [first, second] if language.month_first else [second, first]
        if numbers[4]:
            year = int(numbers[4])
            return _valid(year if year > 99 else 2000 + year, *parts)
    return _valid(_YEAR, *parts)


def _valid(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _clock(text: str) -> timedelta | None:
    match = re.fullmatch(r"([0-9]{1,3}):([0-5]?[0-9])(?::([0-5]?[0-9]))?", text)
    if match is None:
        return None
    return timedelta(hours=int(match[1]), minutes=int(match[2]), seconds=int(match[3] or 0))


def _clock_text(time: timedelta) -> str:
    minutes, seconds = divmod(int(time.total_seconds()), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


def excel(text: str, language: _Language) -> str:
    """Return what Excel saves for a cell with the default format."""
    cell = text.strip()
    if text.startswith("="):
        return "2" if cell == "=1+1" else "#NAME?"
    # it ignores commas between digits, but reads no address such as 10.0.0.1 as a number
    number = _number(cell, language, strict_groups=language.thousands != ",")
    if number is not None:
        return _excel_number(number, cell, language, text)
    if text.startswith(("+", "-", "@")):
        return _excel_sum(cell)
    if (day := _day(cell, language)) is not None:
        is_short = not re.search(r"[0-9]{4}|([-/.])[0-9]+\1", cell)
        if is_short:
            return f"{day.day:02}-{language.months[day.month - 1]}"
        parts = [day.month, day.day] if language.month_first else [day.day, day.month]
        return language.date_sign.join(map(str, (*parts, day.year)))
    if (time := _clock(cell)) is not None:
        return _clock_text(time).removesuffix(":00") if cell.count(":") == 1 else _clock_text(time)
    return _boolean(text, language)


def _excel_number(number: Decimal, cell: str, language: _Language, text: str) -> str:
    if abs(number) > Decimal("9.99999999999999E+307"):
        return text
    number = Context(prec=15, rounding=ROUND_DOWN).plus(number)
    if "E" in cell.upper():
        return _exponent(number, 2, 2, trim=False).replace(".", language.decimal)
    if "%" in cell:
        return f"{number * 100:.2f}%".replace(".", language.decimal)
    if "$" in cell:
        return f"${number:.2f}".replace(".", language.decimal)
    if abs(number) >= 10**11:
        return _exponent(number, 5, 2, trim=True).replace(".", language.decimal)
    shown = round(number, max(0, 9 - max(number.adjusted(), 0)))
    return _plain(shown, language)


def _excel_sum(cell: str) -> str:
    terms = re.findall(r"[-+][0-9]+", cell)
    return str(sum(map(int, terms))) if "".join(terms) == cell else "#NAME?"


def _boolean(text: str, language: _Language) -> str:
    upper = text.upper()
    return upper if upper in language.booleans else text


_MODELS = {
    name: lambda text, language=language: excel(text, language)
    for name, language in _LANGUAGES.items()
}

_digits = st.text(string.digits, min_size=1, max_size=26)
_hexadecimal = st.integers(1, 20).flatmap(
    lambda size: st.binary(min_size=size, max_size=size).map(bytes.hex)
)
_base64_secret = st.text(f"{string.ascii_letters}{string.digits}+/=", max_size=24)
_numeric_hexadecimal = st.tuples(_digits, st.sampled_from("eE"), _digits).map("".join)
_few_digits = st.text(string.digits, min_size=1, max_size=5)
_decimals = st.tuples(_few_digits, st.sampled_from(".,"), _few_digits).map("".join)
"""Decimals for which a column is wide enough: others are rounded to an integer."""
_list = st.lists(_few_digits, min_size=1, max_size=6)
_small = st.integers(0, 99).map(str)
_short_date = st.tuples(_small, st.sampled_from("-/."), _small).map("".join)
_month_names = sorted({name for language in _LANGUAGES.values() for name in language.months})
_dates = st.one_of(
    _short_date,
    st.tuples(_small, st.sampled_from("-/."), _small, st.integers(0, 2100)).map(
        lambda parts: parts[1].join((parts[0], parts[2], str(parts[3])))
    ),
    st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(str),
    st.tuples(_small, st.sampled_from(_month_names)).map("-".join),
    st.tuples(st.sampled_from(_month_names), _small).map(" ".join),
)
_times = st.lists(_small, min_size=2, max_size=3).map(":".join)
_odd = st.sampled_from(sorted({stored for stored, _ in SAVED}))
_texts = st.text(string.ascii_letters + " .-'", max_size=8) | st.sampled_from(
    ("true", "False", "wahr", "FAUX", "=1+1", "=x", "=AbC=", "@home", "-2+3", "+47-22-12", "$5")
)

_VALUES = {
    "first_name": _texts | _dates,
    "extension": _digits | st.text("+-0123456789 ()", max_size=16) | _decimals,
    "agent_id": _digits | _numeric_hexadecimal | _dates | _odd | _small.map("{}%".format),
    "user_name": _texts | _digits | _hexadecimal,
    "password": _base64_secret | _hexadecimal | _numeric_hexadecimal | _digits,
    "salt": _hexadecimal | _numeric_hexadecimal | _base64_secret,
    "phone_ip": st.ip_addresses().map(str) | st.binary(min_size=6, max_size=6).map(bytes.hex),
    "recording_service": st.ip_addresses(v=4).map(str) | _numeric_hexadecimal,
    "location": _texts | _dates | _times | _odd,
    "additional_extensions": _list.map(",".join) | _list.map(", ".join),
    "is_active": st.sampled_from("01"),
}


@pytest.mark.parametrize("model", _MODELS.values(), ids=_MODELS)
@pytest.mark.parametrize("key", _VALUES)
def test_all_that_a_spreadsheet_makes_of_a_value_is_recognized(key, model):
    @given(_VALUES[key])
    def check(value: str) -> None:
        _check(key, value, model)

    check()
    for value, _ in SAVED:
        _check("location", value, model)


def _check(key: str, value: str, model: Callable[[str], str]) -> None:
    found = model(value)
    if found != value:
        assert is_altered(value, found, FIELD[key]), (value, found)
        assert may_be_altered([value]) == [value]


@pytest.mark.parametrize(
    ("text", "saved"),
    [
        *(("0412", "412"), ("123456789012", "1.23457E+11"), ("100,200,300", "100200300")),
        *(("12345678901234567890", "1.23457E+19"), ("2184,8932", "21848932"), ("3-4", "04-Mar")),
        *(("1/2/2024", "1/2/2024"), ("1E5", "1.00E+05"), ("1:30", "01:30"), ("=AbC=", "#NAME?")),
        *(("true", "TRUE"), ("10.102.101.100", "10.102.101.100"), ("Oslo", "Oslo")),
    ],
)
def test_model_alters_what_the_program_alters(text, saved):
    assert excel(text, _LANGUAGES["en"]) == saved
