"""Sanitizing of text: the result is always visible."""

import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from qm_tui.text import (
    is_combining_mark,
    is_visible,
    json_text,
    pad_or_truncate,
    sanitize,
    trim,
)
from qm_tui.unicode_tables import IGNORABLE_RANGES


@pytest.mark.parametrize(
    "text",
    [
        *("", "Anna", "Zoë Müller", "O'Brien", "陈静", "김민준", "Ελένη", "Шевченко", "🙂", "محمد"),
        *("प्रिया", "สมชาย", "Adébáyọ̀", "e\u0301", "[bold]x[/]", "[@click=app.quit]"),
        *("sip:a@b", "CORP\\anna", "=1+1", "  two  blanks  ", "\u3000"),
        unicodedata.normalize("NFD", "한국어 전화 녹음 값"),
    ],
    ids=ascii,
)
def test_plain_text_is_unaltered(text):
    assert sanitize(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x00\t\r\n\x07\x08\x7f", "␀␉␍␊␇␈␡"),
        ("a\x1b[2Jb", "a␛[2Jb"),
        ("\x85\x9b31m", "‹U+0085›‹U+009B›31m"),
        ("\xad\u200b\u200d\u200f", "‹U+00AD›‹U+200B›‹U+200D›‹U+200F›"),
        ("abc\u202edef", "abc‹U+202E›def"),
        ("\u2028\u2029", "‹U+2028›‹U+2029›"),
        ("\u2066x\u2069\ufeffx", "‹U+2066›x‹U+2069›‹U+FEFF›x"),
        ("❤\ufe0f葛\U000e0100", "❤‹U+FE0F›葛‹U+E0100›"),
        ("a\u034fb\u17b4\u180b\u180f", "a‹U+034F›b‹U+17B4›‹U+180B›‹U+180F›"),
        ("e\u0301\ufe0f\u0301", "e\u0301‹U+FE0F›\u0301"),
        ("\ud800\ue000\u0378", "‹U+D800›‹U+E000›‹U+0378›"),
        ("\U000e0041\U0010ffff", "‹U+E0041›‹U+10FFFF›"),
        ("\u115f\u1160\u3164\uffa0\u2800", "‹U+115F›‹U+1160›‹U+3164›‹U+FFA0›‹U+2800›"),
        ("a\xa0b\u202fc", "a b c"),
    ],
    ids=ascii,
)
def test_invisible_characters_are_replaced(text, shown):
    assert sanitize(text) == shown
    assert sanitize(sanitize(text)) == shown


def test_every_character_is_visible_or_a_mark_or_replaced():
    ignorable = {code for first, last in IGNORABLE_RANGES for code in range(first, last + 1)}
    # the others are unassigned or private
    for code in (*range(0x32400), *range(0xE0000, 0xE1100), 0xF0000, sys.maxunicode):
        character = chr(code)
        is_shown_as_it_is = character.isprintable() and code not in ignorable
        assert is_visible(f"a{character}") is is_shown_as_it_is, hex(code)
        shown = sanitize(f"a{character}")[1:]
        if shown == f"‹U+{code:04X}›":
            continue
        category = unicodedata.category(shown)
        assert category[0] != "C", hex(code)
        assert category not in ("Zl", "Zp"), hex(code)
        is_skin_tone = 0x1F3FB <= code <= 0x1F3FF  # as wide as an emoji without one
        assert cell_len(shown) or is_combining_mark(shown) or is_skin_tone, hex(code)


def test_default_ignorable_characters_are_replaced():
    for first, last in IGNORABLE_RANGES:
        for code in range(first, last + 1):
            assert sanitize(f"a{chr(code)}b") == f"a‹U+{code:04X}›b"
            assert json_text(chr(code)) == json.dumps(chr(code))


def test_invisible_characters_are_escaped_in_json():
    value = ["Zoë 陈静 प्रिया 🙂", "a\ufe0f", "\u115f\u034f\xad\x9b", "\U000e0100\U000e0041"]
    text = json_text(value)
    assert json.loads(text) == value
    assert text == (
        r'["Zoë 陈静 प्रिया 🙂","a\ufe0f","\u115f\u034f\u00ad\u009b","\udb40\udd00\udb40\udc41"]'
    )


@pytest.mark.parametrize(
    "mark", ["\u0301", "\u20dd", "\u0489", "\u1161", "\u11ff", "\ud7b0", "\u093e"], ids=ascii
)
def test_combining_and_joined_characters_are_limited_to_three(mark):
    assert sanitize("\u1100" + mark * 50 + "b" + mark) == "\u1100" + mark * 3 + "b" + mark


@pytest.mark.parametrize("limit", [1, 2, 80])
def test_long_text_is_cut_with_an_ellipsis(limit):
    assert sanitize("x" * limit, limit) == "x" * limit
    assert sanitize("x" * (limit + 1), limit) == "x" * (limit - 1) + "…"
    assert len(sanitize("x" * 100_000)) == 4096


@given(
    st.text(st.sampled_from(" aë陈🙂e\u0301\u0302สายप्रि␛[｟ａﾞ👩👧") | st.characters(), max_size=20),
    st.integers(1, 40),
)
def test_fitted_text_has_the_exact_width(text, width):
    text = sanitize(text)
    shown = pad_or_truncate(text, width)
    assert cell_len(shown) == width
    if not any(ord(character) >= 0x1F1E6 for character in text):  # flags and skin tones are altered
        if cell_len(text) <= width:
            assert shown == text + " " * (width - cell_len(text))
        else:
            assert "…" in shown
            assert text.startswith(shown.rstrip().removesuffix("…").rstrip())


_WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_IGNORABLE = [chr(code) for ends in IGNORABLE_RANGES for code in {*ends, sum(ends) // 2}]


def test_trim_removes_blank_and_invisible_characters_only_at_the_ends():
    for character in (*_WHITE_SPACE, *_IGNORABLE):
        for text in ("x", "é x", f"a{character}b"):
            assert trim(f"{character}{text}{character} ") == text
        assert trim(character * 2) == ""
    for text in ("", "\x1c", "\x07x\x1f", "e\u0301", "\u2800", "\udc80", "+", "'"):
        assert trim(text) == text
