"""Sanitizing of text: the result is always visible."""

import json
import sys
import unicodedata

import pytest
from rich.cells import cell_len

from qm_tui.ignorable_characters import IGNORABLE_RANGES
from qm_tui.text import (
    is_combining_mark,
    is_visible,
    json_text,
    pad_or_truncate,
    pluralize,
    sanitize,
    trim,
)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "Anna",
            "Zoë Müller",
            "O'Brien",
            "陈静",
            "さくら",
            "김민준",
            "Ελένη",
            "Шевченко",
            "🙂",
        ),
        *(
            "محمد",
            "נועה",
            "प्रिया",
            "สมชาย",
            "Adébáyọ̀",
            "e\u0301",
            "[bold]x[/]",
            "[@click=app.quit]",
        ),
        *("sip:a@b", "CORP\\anna", "=1+1", "  two  blanks  ", "\u3000"),
    ],
    ids=ascii,
)
def test_plain_text_is_unaltered(text):
    assert sanitize(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x00", "␀"),
        ("\t", "␉"),
        ("\n", "␊"),
        ("\r\n", "␍␊"),
        ("\x07", "␇"),
        ("\x08", "␈"),
        ("a\x1b[2Jb", "a␛[2Jb"),
        ("\x7f", "␡"),
        ("\x85", "‹U+0085›"),
        ("\x9b31m", "‹U+009B›31m"),
        ("\xad", "‹U+00AD›"),
        ("\u200b", "‹U+200B›"),
        ("\u200d", "‹U+200D›"),
        ("\u200f", "‹U+200F›"),
        ("abc\u202edef", "abc‹U+202E›def"),
        ("\u2028\u2029", "‹U+2028›‹U+2029›"),
        ("\u2066x\u2069", "‹U+2066›x‹U+2069›"),
        ("\ufeffx", "‹U+FEFF›x"),
        ("❤\ufe0f", "❤‹U+FE0F›"),
        ("葛\U000e0100", "葛‹U+E0100›"),
        ("a\u034fb", "a‹U+034F›b"),
        ("\u17b4\u180b\u180f", "‹U+17B4›‹U+180B›‹U+180F›"),
        ("e\u0301\ufe0f\u0301", "e\u0301‹U+FE0F›\u0301"),
        ("\ud800", "‹U+D800›"),
        ("\ue000", "‹U+E000›"),
        ("\u0378", "‹U+0378›"),
        ("\U000e0041", "‹U+E0041›"),
        ("\U0010ffff", "‹U+10FFFF›"),
        ("a\xa0b\u202fc", "a b c"),
    ],
    ids=ascii,
)
def test_invisible_characters_are_replaced(text, shown):
    assert sanitize(text) == shown
    assert sanitize(sanitize(text)) == shown


def test_no_control_character_is_kept():
    for start in range(0, sys.maxunicode + 1, 1024):
        for one in set(sanitize("".join(map(chr, range(start, start + 1024))))):
            category = unicodedata.category(one)
            assert category[0] != "C", hex(ord(one))
            assert category not in ("Zl", "Zp"), hex(ord(one))


def test_every_character_without_a_width_is_replaced_or_a_mark():
    for code in range(sys.maxunicode + 1):
        for one in sanitize(f"a{chr(code)}").removeprefix("a"):
            is_skin_tone = 0x1F3FB <= ord(one) <= 0x1F3FF  # as wide as an emoji without one
            assert cell_len(one) or is_combining_mark(one) or is_skin_tone, hex(code)


@pytest.mark.parametrize("code", [0x115F, 0x1160, 0x3164, 0xFFA0, 0x2800])
def test_blank_letters_are_replaced(code):
    assert sanitize(f"a{chr(code)}b") == f"a‹U+{code:04X}›b"


@pytest.mark.parametrize(("first", "last"), IGNORABLE_RANGES, ids=hex)
def test_default_ignorable_characters_are_replaced(first, last):
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


@pytest.mark.parametrize("mark", ["\u0301", "\u20dd", "\u0489"], ids=ascii)
def test_combining_marks_are_limited_to_three(mark):
    assert sanitize("a" + mark * 50 + "b" + mark) == "a" + mark * 3 + "b" + mark


@pytest.mark.parametrize(
    "joined", ["\u1161", "\u11a8", "\u11ff", "\ud7b0", "\ud7fb", "\u093e"], ids=ascii
)
def test_joined_characters_are_limited_to_three(joined):
    assert sanitize("\u1100" + joined * 50 + "b") == "\u1100" + joined * 3 + "b"


def test_decomposed_korean_is_unaltered():
    decomposed = unicodedata.normalize("NFD", "한국어 전화 녹음 값")
    assert sanitize(decomposed) == decomposed


@pytest.mark.parametrize("limit", [1, 2, 10, 80])
def test_long_text_is_cut_with_an_ellipsis(limit):
    assert sanitize("x" * limit, limit) == "x" * limit
    assert sanitize("x" * (limit + 1), limit) == "x" * (limit - 1) + "…"
    assert len(sanitize("x" * 100_000)) == 4096


@pytest.mark.parametrize("width", [1, 2, 3, 5, 10, 40])
@pytest.mark.parametrize(
    "text",
    [
        *("", "a", "Anna Berg-Larsen", "Zoë", "陈静国强欧阳", "a陈b静c国", "🙂🙂🙂", "a🙂b🙂c🙂"),
        *(
            "e\u0301e\u0301e\u0301",
            "a\u0301\u0302\u0303bc",
            "สมชาย จันทร์",
            "प्रिया शर्मा",
            "␛[2J",
            "｟ａｂ",
        ),
        sanitize("a\x1b\u202e\u200d👩\u200d👩\u200d👧🇩🇪"),
    ],
    ids=ascii,
)
def test_fitted_text_has_the_exact_width(text, width):
    shown = pad_or_truncate(text, width)
    assert cell_len(shown) == width
    if cell_len(text) <= width:
        assert shown == text + " " * (width - cell_len(text))
    else:
        assert "…" in shown
        assert text.startswith(shown.rstrip().removesuffix("…").rstrip())


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 users"), (1, "1 user"), (2, "2 users"), (2310, "2,310 users")]
)
def test_counted_noun_agrees_with_its_number(number, said):
    assert pluralize(number, "user") == said


_WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_IGNORABLE = [chr(code) for ends in IGNORABLE_RANGES for code in {*ends, sum(ends) // 2}]


@pytest.mark.parametrize("character", [*_WHITE_SPACE, *_IGNORABLE], ids=ascii)
def test_trim_removes_blank_and_invisible_characters_only_at_the_ends(character):
    for text in ("x", "é x", f"a{character}b"):
        assert trim(f"{character}{text}{character} ") == text
    assert trim(character * 2) == ""


@pytest.mark.parametrize("text", ["", "\x1c", "\x07x\x1f", "e\u0301", "\u2800", "\udc80", "+", "'"])
def test_trim_keeps_all_other_characters(text):
    assert trim(text) == text


def test_visible_text_has_only_characters_that_are_shown_as_they_are():
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        is_ignorable = any(first <= code <= last for first, last in IGNORABLE_RANGES)
        expected = character.isprintable() and not is_ignorable
        assert is_visible(f"a{character}") is expected, hex(code)
