"""Generated User IDs, and User Names in the form in which they are compared."""

import re
import unicodedata
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from qm_tui.unicode_tables import IGNORABLE_RANGES
from qm_tui.users.identity import (
    look_alike_key,
    new_user_ids,
    normalize_user_name,
)

_MANY = 20_000


def test_ids_are_u_and_11_evenly_spread_letters_and_digits_of_base_32():
    assert [len(new_user_ids(count)) for count in (0, 1, 7)] == [0, 1, 7]
    ids = new_user_ids(_MANY)
    assert all(re.fullmatch(r"u[a-z0-9]{11}", one) for one in ids)
    letters = Counter("".join(one[1:] for one in ids))
    assert not set(letters) & set("0o1l")
    assert len(letters) == 32
    average = _MANY * 11 / 32
    assert all(0.9 * average < count < 1.1 * average for count in letters.values())
    assert [len({one[place] for one in ids}) for place in range(1, 12)] == [32] * 11
    assert len(set(ids + new_user_ids(_MANY))) == 2 * _MANY


_EQUAL = [
    *(("straße", "STRASSE"), ("ΣΊΣΥΦΟΣ", "σίσυφος"), ("", ""), ("ﬁnn", "finn")),
    # marks in another order, and invisible characters between a letter and its mark
    *(("q\u0323\u0307", "q\u0307\u0323"), ("jürgen", "ju\u200d\u0308rgen")),
    *(("anna.berg", "ａnna.berg"), ("anna™", "ANNATM"), ("anna1", "anna\u00b9")),
    # white space at the ends
    *(("anna", " anna\u3000"), ("anna", "\u200b anna \u200b"), ("anna b", "anna\u00a0b")),
]
_DISTINCT = [
    *(("anna", "ana"), ("muller", "müller"), ("0412", "412"), ("a b", "ab"), ("anna", "аnna")),
    *(("anna", "anna\u0301"), ("ı", "i")),
]


def test_spellings_of_one_user_name_are_equal_and_other_names_distinct():
    key = normalize_user_name
    assert [pair for pair in _EQUAL if key(pair[0]) != key(pair[1])] == []
    assert [pair for pair in _DISTINCT if key(pair[0]) == key(pair[1])] == []


_IGNORABLE = st.sampled_from(
    [chr(code) for first, last in IGNORABLE_RANGES for code in {first, last}]
)
_NAMES = st.text(max_size=8) | st.text("aB1ﬁßΣςïŞｱﾞ각\u0301\u0345\u0323 \u200b\xad™", max_size=8)


@given(_NAMES)
def test_normalized_user_name_is_its_own_form(name):
    key = normalize_user_name(name)
    assert normalize_user_name(key) == key


@given(_NAMES, st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_user_name_is_equal_in_every_normal_form(name, form):
    assert normalize_user_name(unicodedata.normalize(form, name)) == normalize_user_name(name)


@given(_NAMES)
def test_user_name_is_equal_in_both_cases(name):
    letters = name.replace("\u0345", "")  # the capital of this mark is a letter
    reversible = "".join(one for one in letters if one.upper().casefold() == one.casefold())
    assert normalize_user_name(reversible.upper()) == normalize_user_name(reversible)
    assert normalize_user_name(reversible.casefold()) == normalize_user_name(reversible)


@given(_NAMES, st.lists(st.tuples(st.integers(0, 8), _IGNORABLE), max_size=4))
def test_ignorable_characters_do_not_count(name, inserted):
    written = name
    for place, character in inserted:
        written = written[:place] + character + written[place:]
    assert normalize_user_name(written) == normalize_user_name(name)


_ALIKE = [
    # Cyrillic, Greek, Armenian, Cherokee, Devanagari, and two of them
    *(("Аnna.berg", "anna.berg"), ("аnnа.bеrg", "anna.berg"), ("Іscan", "iscan")),
    *(("јürgеn", "Jürgen"), ("zоё", "zoe\u0308"), ("ΑΝΝΑ", "anna"), ("ϲem", "cem")),
    *(("օtto", "otto"), ("Ꭺnna", "anna"), ("anna०", "anna0"), ("bοb", "bоb")),
]
_NOT_ALIKE = [
    *(("l", "1"), ("I", "l"), ("0", "O"), ("rn", "m"), ("müller", "muller"), ("иван", "ivan")),
]


def test_only_letters_of_other_scripts_look_alike():
    for name, other in _ALIKE:
        assert look_alike_key(name) == look_alike_key(other), name
        assert normalize_user_name(name) != normalize_user_name(other)
    key = look_alike_key
    assert [pair for pair in _NOT_ALIKE if key(pair[0]) == key(pair[1])] == []


@given(st.text(st.characters(max_codepoint=0x7F)))
def test_ascii_name_is_its_own_look_alike(name):
    assert look_alike_key(name) == normalize_user_name(name)
