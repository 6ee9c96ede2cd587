"""The tables of Unicode, compared with what Python knows, and the script that writes them."""

import re
import unicodedata
from itertools import pairwise

import pytest

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

PROPERTIES = """\
# DerivedCoreProperties-17.0.0.txt
0041..005A    ; Alphabetic # L&  [26] LATIN CAPITAL LETTER A..LATIN CAPITAL LETTER Z
180B..180D    ; Default_Ignorable_Code_Point # Mn   [3] MONGOLIAN
180E          ; Default_Ignorable_Code_Point # Cf       MONGOLIAN VOWEL SEPARATOR
3164          ; Default_Ignorable_Code_Point # Lo       HANGUL FILLER
# 3165 ; Default_Ignorable_Code_Point
"""
CONFUSABLES = """\
# confusables.txt
# Date: 2020-02-13, 01:38:49 GMT

0430 ;\t0061 ;\tMA\t# ( а → a ) CYRILLIC SMALL LETTER A
0406 ;\t006C ;\tMA\t# ( І → l ) CYRILLIC CAPITAL LETTER BYELORUSSIAN-UKRAINIAN I
0967 ;\t006C ;\tMA\t# a digit one
0966 ;\t006F ;\tMA\t# a digit zero
0049 ;\t006C ;\tMA\t# ( I → l ) ASCII
FF41 ;\t0061 ;\tMA\t# ( ａ → a ) compatible
1D6C2 ;\t0061 ;\tMA\t# ( 𝛂 → a ) compatible with the next
03B1 ;\t0061 ;\tMA\t# ( α → a )
00E6 ;\t0061 0065 ;\tMA\t# ( æ → ae ) two characters
2236 ;\t003A ;\tMA\t# ( ∶ → : ) no letter
"""


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


def test_module_is_what_the_script_writes(tmp_path, monkeypatch):
    tables = (UNICODE_VERSION, IGNORABLE_RANGES, CONFUSABLES_DATE, LOOK_ALIKE_LETTERS)
    assert script.MODULE.read_text() == script.module(*tables)
    monkeypatch.setattr(script, "MODULE", tmp_path / "module.py")
    for texts in ((PROPERTIES, "0430 ;\t0061 ;\tMA\n"), ("# 00AD\n", CONFUSABLES)):
        with pytest.raises(SystemExit):
            script.main(*texts)
    assert not script.MODULE.exists()
    script.main(PROPERTIES, CONFUSABLES)
    written: dict[str, object] = {}
    exec(script.MODULE.read_text(), written)  # noqa: S102 - it was written here
    assert (written["UNICODE_VERSION"], written["CONFUSABLES_DATE"]) == ("17.0.0", "2020-02-13")
    assert written["IGNORABLE_RANGES"] == ((0x180B, 0x180E), (0x3164, 0x3164))
    assert written["LOOK_ALIKE_LETTERS"] == {
        "0": "\u0966",
        "1": "\u0967",
        "I": "\u0406",
        "a": "\u03b1\u0430",
    }
