"""Users in a pasted list."""

import pytest

from qm_tui.users.fields import User
from qm_tui.users.query.pasted_list import UnresolvedEntry, resolve_list
from tests.helpers import state_of


def _user(user_id, first, last, extension, user_name, **more):
    return User(
        user_id=user_id,
        first_name=first,
        last_name=last,
        extension=extension,
        user_name=user_name,
        **more,
    )


USERS = [
    _user("u-anna", "Anna", "Berg", "0413", "ABerg", department="Sales, EMEA", agent_id="118"),
    _user("u-bjorn", "Björn", "Åkesson", "0415", "bakesson", additional_extensions="0500, 0501"),
    _user("u-otto", "Otto", "Ek", "118", "otto.ek", password="$2b$12$abc"),
    _user("u-mary", "Mary Ann", "Smith", "0416", "msmith", additional_extensions="0413"),
    _user("u-muller", "Eva", "Müller", "0420", "emuller"),
    _user("u-mullerin", "Eva", "Muller", "0421", "emuller2"),
    _user("u-tomasz", "Tomasz", "Łukasik", "0422", "0415"),
    _user("u-kim1", "Kim", "Lee", "0430", "klee"),
    _user("u-kim2", "Kim", "Lee", "0431", "klee2"),
    _user("u-desk1", "Desk", "One", "0999", "desk1"),
    _user("u-desk2", "Desk", "Two", "0999", "desk2"),
]


def _nothing():
    pass


_STATE = state_of(*USERS)


def _named(*lines):
    return resolve_list(lines, _STATE, _nothing)


_ENTRIES = {
    "u-anna": "u-anna ¦ ABERG ¦ 0413 ¦ Anna Berg ¦ anna  BERG ¦ Berg, Anna ¦ berg,anna ¦ "
    "Berg Anna ¦ ａberg ¦ a\u200bberg\ufeff ¦   aberg\t ¦ \"aberg\" ¦ 'aberg' ¦ "
    '„Anna Berg“ ¦ “Berg, Anna” ¦ aberg, ¦ "aberg"; ¦ - Anna Berg ¦ '
    "•\xa0Anna\xa0Berg ¦ > aberg",
    "u-bjorn": "0501 ¦ Björn Åkesson ¦ bjorn akesson ¦ Bjo\u0308rn A\u030akesson",
    "u-tomasz": "0415 ¦ Lukasik, Tomasz",
    "u-mary": "Smith, Mary Ann ¦ Smith Mary Ann ¦ Mary Ann Smith",
    "u-muller": "Eva Müller",
    "u-mullerin": "Eva Muller",
}
"""By the user that they match: entries."""


@pytest.mark.parametrize("user_id", _ENTRIES)
def test_entry_matches_a_user(user_id):
    for text in _ENTRIES[user_id].split(" ¦ "):
        named = _named(text)
        assert named.user_ids == [user_id], text
        assert (named.entries, named.resolved, named.unresolved) == (1, 1, [])


def test_other_entry_matches_no_user():
    for text in ("U-ANNA", "413", "Anna", "Berg", "aber", "a@x.org", "Anna B. Berg", "x" * 9000):
        named = _named(text)
        assert named.user_ids == []
        assert named.unresolved == [UnresolvedEntry(text, 1, 1, ())]
    assert [_named(text, text).entries for text in ("", "   ", "\t", ",;,", '""')] == [0] * 5


@pytest.mark.parametrize(
    ("line", "user_ids", "unsettled"),
    [
        ("aberg, bakesson", ["u-anna", "u-bjorn"], []),
        ("aberg;bakesson;nobody", ["u-anna", "u-bjorn"], ["nobody"]),
        ("0413\t0416", ["u-anna", "u-mary"], []),
        ("Berg, Anna; Åkesson, Björn", ["u-anna", "u-bjorn"], []),
        ("Berg, Anna, Åkesson, Björn", ["u-anna", "u-bjorn"], []),
        ("Anna Berg, Björn Åkesson", ["u-anna", "u-bjorn"], []),
        ('"Berg, Anna", "Åkesson, Björn"', ["u-anna", "u-bjorn"], []),
        ("Anna,Berg", ["u-anna"], []),
        ("Anna\tBerg", ["u-anna"], []),
        ("Berg;Anna", ["u-anna"], []),
        ('"0413;0416"', [], ["0413;0416"]),
        ('x, "half', [], ["x", '"half']),
        # a row of a table: the other values of the user are no entries
        ("Anna;Berg;0413;aberg;Sales, EMEA", ["u-anna"], []),
        ("aberg\t0413\tsales, emea\tGold", ["u-anna"], ["Gold"]),
        ("Berg, Anna, 118", ["u-anna"], []),  # her Agent ID, though Otto's Extension
        ("u-otto,otto.ek,$2b$12$abc", ["u-otto"], []),
        ("Kim Lee; 0431", ["u-kim2"], []),
        ("klee\tKim Lee", ["u-kim1"], []),
        # but numbers alone are a list
        ("118; 0413", ["u-otto", "u-anna"], []),
        ("aberg; 0416", ["u-anna", "u-mary"], []),
    ],
)
def test_line_is_split_into_entries(line, user_ids, unsettled):
    named = _named(line)
    assert named.user_ids == user_ids
    assert [one.text for one in named.unresolved] == unsettled


def test_row_of_an_export_is_one_entry():
    header = ",".join(("First Name", "Last Name", "Extension", "User ID", "Phone IP"))
    named = _named("", header, *("\t".join(user) for user in USERS))
    assert named.user_ids == [user.user_id for user in USERS]
    assert (named.entries, named.unresolved) == (len(USERS), [])


def test_header_is_recognized_only_in_the_first_line():
    assert _named("Extension", "0413").entries == 1
    assert [one.text for one in _named("0413", "Extension").unresolved] == ["Extension"]


@pytest.mark.parametrize(
    ("text", "user_ids"),
    [
        ("0999", ["u-desk1", "u-desk2"]),
        ("Kim Lee", ["u-kim1", "u-kim2"]),
        ("Lee, Kim", ["u-kim1", "u-kim2"]),
    ],
)
def test_ambiguous_entry_matches_no_user(text, user_ids):
    named = _named("aberg", text)
    assert named.user_ids == ["u-anna"]
    (unsettled,) = named.unresolved
    assert (unsettled.text, unsettled.line, list(unsettled.user_ids)) == (text, 2, user_ids)


def test_order_is_kept_without_duplicates():
    named = _named("msmith", "who", "0413", "Kim Lee", "aberg", "who", "bakesson", "who")
    assert named.user_ids == ["u-mary", "u-anna", "u-bjorn"]
    assert [one[:3] for one in named.unresolved] == [("who", 2, 3), ("Kim Lee", 4, 1)]
    assert (named.entries, named.resolved) == (8, 4)


def test_empty_names_and_extensions_match_nothing():
    users = [_user("u-1", "", "Berg", "", "one"), _user("u-2", "Anna", "", "", "two")]
    named = resolve_list(["Berg", "Anna", ";", "x;;y"], state_of(*users), _nothing)
    assert named.user_ids == []
    assert named.entries == 4


def test_rest_is_called_for_many_users_and_a_long_list():
    users = [_user(f"u{n}", "Eva", f"Müller{n}", f"{n}", f"name{n}") for n in range(20_000)]
    rests = 0

    def rest():
        nonlocal rests
        rests += 1

    directory = state_of(*users)
    directory.lookup(["first"], rest)
    lines = [f"Muller{n}, Eva" for n in range(5000)] + ["; ".join(map(str, range(5000)))]
    assert rests >= 20_000 / 500
    rests = 0
    named = resolve_list(lines, directory, rest)
    assert len(named.user_ids) == 5000
    assert (named.entries, named.resolved) == (10_000, 10_000)
    assert rests >= 10_000 / 50
