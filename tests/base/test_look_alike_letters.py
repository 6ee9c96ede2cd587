"""The table of letters that look like ASCII ones, and the script that writes it."""

import unicodedata

import pytest

from qm_tui.look_alike_letters import DATE, LOOK_ALIKE_LETTERS
from scripts import make_look_alike_letters as script

LETTERS = [(plain, one) for plain, letters in LOOK_ALIKE_LETTERS.items() for one in letters]


def test_ascii_letters_and_digits_have_look_alikes_of_other_scripts():
    assert all(plain.isascii() and plain.isalnum() and len(plain) == 1 for plain, _ in LETTERS)
    assert all(unicodedata.category(letter)[0] in "LN" for _, letter in LETTERS)
    assert not any(unicodedata.normalize("NFKC", letter).isascii() for _, letter in LETTERS)


def test_letter_looks_like_one_other():
    assert len({letter for _, letter in LETTERS}) == len(LETTERS)


def test_module_is_what_the_script_writes():
    assert script.MODULE.read_text() == script.module(DATE, LOOK_ALIKE_LETTERS)


def test_script_reads_letters_and_digits_that_look_like_one_ascii_character():
    confusables = (
        "# confusables.txt\n# Date: 2020-02-13, 01:38:49 GMT\n\n"
        "0430 ;\t0061 ;\tMA\t# ( а → a ) CYRILLIC SMALL LETTER A\n"
        "0406 ;\t006C ;\tMA\t# ( І → l ) CYRILLIC CAPITAL LETTER BYELORUSSIAN-UKRAINIAN I\n"
        "0967 ;\t006C ;\tMA\t# a digit one\n"
        "0966 ;\t006F ;\tMA\t# a digit zero\n"
        "0049 ;\t006C ;\tMA\t# ( I → l ) ASCII\n"
        "FF41 ;\t0061 ;\tMA\t# ( ａ → a ) compatible\n"
        "1D6C2 ;\t0061 ;\tMA\t# ( 𝛂 → a ) compatible with the next\n"
        "03B1 ;\t0061 ;\tMA\t# ( α → a )\n"
        "00E6 ;\t0061 0065 ;\tMA\t# ( æ → ae ) two characters\n"
        "2236 ;\t003A ;\tMA\t# ( ∶ → : ) no letter\n"
    )
    assert script.letters_in(confusables) == {
        "0": "\u0966",
        "1": "\u0967",
        "I": "\u0406",
        "a": "\u03b1\u0430",
    }


def test_script_writes_nothing_from_another_file(tmp_path, monkeypatch):
    monkeypatch.setattr(script, "MODULE", tmp_path / "module.py")
    with pytest.raises(SystemExit):
        script.main("0430 ;\t0061 ;\tMA\n")
    assert not script.MODULE.exists()
