"""The table of characters that are not drawn, compared with what Python knows of Unicode."""

import re
import unicodedata
from itertools import pairwise

import pytest

from qm_tui.ignorable_characters import IGNORABLE_RANGES, UNICODE_VERSION
from scripts import make_ignorable_characters as script

IGNORABLE = {code for first, last in IGNORABLE_RANGES for code in range(first, last + 1)}

SIGNS_WITH_A_PICTURE = {
    *range(0x0600, 0x0606),  # Arabic signs around a number
    *(0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD),
    *range(0xFFF9, 0xFFFC),  # interlinear annotations
    *range(0x13430, 0x13440),  # joiners of hieroglyphs
}
"""Format characters that Unicode excludes from the property."""


def test_ranges_are_sorted_and_apart():
    codes = [code for pair in IGNORABLE_RANGES for code in pair]
    assert codes == sorted(codes)
    assert all(before[1] + 1 < after[0] for before, after in pairwise(IGNORABLE_RANGES))


def test_format_characters_are_in_the_table():
    formats = {code for code in range(0x110000) if unicodedata.category(chr(code)) == "Cf"}
    assert formats - IGNORABLE == SIGNS_WITH_A_PICTURE & formats
    assert not SIGNS_WITH_A_PICTURE & IGNORABLE


def test_letters_and_marks_in_the_table_are_those_without_a_picture():
    names = {code: unicodedata.name(chr(code), "") for code in range(0x110000)}
    listed = {code for code in IGNORABLE if unicodedata.category(chr(code))[0] != "C"}
    assert listed == {
        code
        for code, name in names.items()
        if re.search(
            "VARIATION SELECTOR|(HANGUL|SEONG) FILLER|VOWEL INHERENT|GRAPHEME JOINER", name
        )
    }


def test_reserved_codes_are_in_the_table():
    assert {0x2065, 0xFFF0, 0xFFF8, 0xE0000, 0xE0FFF} <= IGNORABLE
    assert len(IGNORABLE) == 4174


def test_module_is_what_the_script_writes():
    assert script.MODULE.read_text() == script.module(UNICODE_VERSION, IGNORABLE_RANGES)


def test_script_joins_the_lines_of_the_property_only():
    properties = (
        "# DerivedCoreProperties-17.0.0.txt\n"
        "0041..005A    ; Alphabetic # L&  [26] LATIN CAPITAL LETTER A..LATIN CAPITAL LETTER Z\n"
        "180B..180D    ; Default_Ignorable_Code_Point # Mn   [3] MONGOLIAN\n"
        "180E          ; Default_Ignorable_Code_Point # Cf       MONGOLIAN VOWEL SEPARATOR\n"
        "3164          ; Default_Ignorable_Code_Point # Lo       HANGUL FILLER\n"
        "# 3165 ; Default_Ignorable_Code_Point\n"
    )
    assert script.ranges_in(properties) == [(0x180B, 0x180E), (0x3164, 0x3164)]


def test_script_writes_nothing_from_another_file(tmp_path, monkeypatch):
    monkeypatch.setattr(script, "MODULE", tmp_path / "module.py")
    with pytest.raises(SystemExit):
        script.main("00AD ; Default_Ignorable_Code_Point\n")
    assert not script.MODULE.exists()
