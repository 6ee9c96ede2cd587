"""The tables of Unicode, compared with what Python knows, and the script that writes them."""

import re
import unicodedata
from itertools import pairwise

from qm_tui.unicode_tables import (
    CONFUSABLES_DATE,
    IGNORABLE_RANGES,
    LOOK_ALIKE_LETTERS,
    UNICODE_VERSION,
)
from scripts import make_unicode_tables as script

IGNORABLE = {code for first, last in IGNORABLE_RANGES for code in range(first, last + 1)}

SIGNS_WITH_A_PICTURE = {
    *range(0x0600, 0x0606),  # Arabic signs around a number
    *(0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD),
    *range(0xFFF9, 0xFFFC),  # interlinear annotations
    *range(0x13430, 0x13440),  # joiners of hieroglyphs
}
"""Format characters that Unicode excludes from the property."""


def test_ignorable_characters_are_those_without_a_picture():
    codes = [code for pair in IGNORABLE_RANGES for code in pair]
    assert codes == sorted(codes)
    assert all(before[1] + 1 < after[0] for before, after in pairwise(IGNORABLE_RANGES))
    assert {0x2065, 0xFFF0, 0xFFF8, 0xE0000, 0xE0FFF} <= IGNORABLE  # reserved
    assert len(IGNORABLE) == 4174
    formats = {code for code in range(0x110000) if unicodedata.category(chr(code)) == "Cf"}
    assert formats - IGNORABLE == SIGNS_WITH_A_PICTURE & formats
    assert not SIGNS_WITH_A_PICTURE & IGNORABLE
    names = {code: unicodedata.name(chr(code), "") for code in range(0x110000)}
    kinds = "VARIATION SELECTOR|(HANGUL|SEONG) FILLER|VOWEL INHERENT|GRAPHEME JOINER"
    listed = {code for code in IGNORABLE if unicodedata.category(chr(code))[0] != "C"}
    assert listed == {code for code, name in names.items() if re.search(kinds, name)}


def test_letters_of_other_scripts_look_like_one_ascii_letter_or_digit():
    letters = [letter for others in LOOK_ALIKE_LETTERS.values() for letter in others]
    assert all(plain.isascii() and plain.isalnum() for plain in LOOK_ALIKE_LETTERS)
    assert all(unicodedata.category(letter)[0] in "LN" for letter in letters)
    assert not any(unicodedata.normalize("NFKC", letter).isascii() for letter in letters)
    assert len({*letters}) == len(letters)
    assert {"a": "\u0430", "0": "\u0966"}.items() <= {
        (plain, letter) for plain, others in LOOK_ALIKE_LETTERS.items() for letter in others
    }


def test_module_is_what_the_script_writes():
    tables = (UNICODE_VERSION, IGNORABLE_RANGES, CONFUSABLES_DATE, LOOK_ALIKE_LETTERS)
    assert script.MODULE.read_text() == script.module(*tables)
