"""Shell completion of commands, options, fields, values and users: the candidates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qm_tui.cli.shared.shell_words import Typed, quote_for_bash, split_line
from tests.helpers import ANNA, commit, commit_unchecked, files_of, user
from tests.program import output

BO = user("bo", department="Sales Nord", location="Bergen")


@pytest.fixture
def two(store):
    commit(store, ANNA, BO)
    return store


def candidates(line: str, replaced: str = "", shell: str = "bash") -> list[str]:
    """Return the candidates for a line; bash would replace this end of it."""
    return output("complete", shell, "--", line, replaced).splitlines()


def test_line_is_parsed_as_by_the_shell():
    for line, typed in (
        ("", Typed([], "", "", True)),
        ("qm-tui set a\\ b c", Typed(["set", "a b"], "c", "", True)),
        ('qm-tui set "a \\"b', Typed(["set"], 'a "b', '"', True)),
        ("qm-tui set 'a' \"", Typed(["set", "a"], "", '"', True)),
        ("qm-tui set department='Sales N", Typed(["set"], "department=Sales N", "'", True)),
        ("qm-tui set '$x' \\$y", Typed(["set", "$x"], "$y", "", True)),
        ("qm-tui set $'a", Typed(["set"], "$a", "'", False)),
        ('qm-tui set "`a', Typed(["set"], "`a", '"', False)),
        ("qm-tui set a\\", Typed(["set"], "a", "", False)),
    ):
        assert split_line(line) == typed
    line = "qm-tui set 'it\\'s"
    assert split_line(line, escapes_in_single=True) == Typed(["set"], "it's", "'", True)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], include_characters=" ")))
@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_quoted_word_is_one_word(quote, word):
    line = f"qm-tui delete {quote}"
    inserted = quote_for_bash(word, line, "")
    if inserted is None:
        assert quote == '"'
        assert "!" in word
        return
    # readline does not insert an opening quote again
    completed = split_line(f"{line.removesuffix(quote)}{inserted}")
    assert completed.words == ["delete"]
    assert completed.word == word
    assert completed.quote == (quote if word.endswith("=") else "")
    assert completed.is_literal


def test_word_is_not_quoted_after_text_that_bash_evaluates_or_another_word():
    for line, replaced in (
        ("qm-tui delete $'", ""),
        ("qm-tui delete $(x) ", ""),
        ("qm-tui delete \\", ""),
        ("qm-tui delete a", "b"),
        ("qm-tui delete b:", ""),
    ):
        assert quote_for_bash("a:b", line, replaced) is None


LINES = [
    ("qm-tui |ina", ["inactivate"]),
    ("qm-tui delete |Ａn", ["anna"]),
    ("qm-tui passwd |", ["anna", "bo"]),
    ("qm-tui set anna |dep", ["department="]),
    ("qm-tui set anna department=|", ["Sales", "Sales\\ Nord"]),
    ("qm-tui set anna department=|Sales\\ N", ["Sales\\ Nord"]),
    ("qm-tui set anna department='|Sales N", ["'Sales Nord'"]),
    ("qm-tui set anna 'department=|'Sales\\ N", []),
    ("qm-tui set anna 'department='|Sales\\ N", ["Sales\\ Nord"]),
    ('qm-tui set anna "|department=Sales N', ['"department=Sales Nord"']),
    ("qm-tui set anna active=|", ["no", "yes"]),
    ("qm-tui set anna license=|o", ["on-demand"]),
    ("qm-tui rename |loc", ["location"]),
    ("qm-tui rename location |B", ["Bergen"]),
    ("qm-tui rename --dry-run location |B", ["Bergen"]),
    ("qm-tui rename location Bergen |O", ["Oslo"]),
    ("qm-tui add --like |b", ["bo"]),
    ("qm-tui delete |--con", ["--confirm"]),
    ("qm-tui set anna password=|", []),
    ("qm-tui --store /nowhere/users.json delete |a", []),
    ("qm-tui delete --store=/nowhere/users.json |a", []),
    ("qm-tui delete --store |", []),
    ("qm-tui set anna first-name=|", []),
]


def test_candidates(two):
    for line, found in LINES:
        before, _, replaced = line.partition("|")
        assert candidates(before + replaced, replaced) == found, line


def test_choices_of_an_argument_are_offered(home):
    assert candidates("qm-tui config ") == ["check", "show"]
    assert candidates("qm-tui config s", "s") == ["show"]
    assert candidates("qm-tui completion ") == ["bash", "fish", "zsh"]


def test_completion_writes_nothing_and_offers_no_hostile_text(two):
    hostile = user("x\x1b[2J", department="a\x07b", user_id="u-x")
    commit_unchecked(two, hostile, user("location=Rome"))
    before = files_of(two)
    assert candidates("qm-tui delete ") == ["anna", "bo", "location=Rome"]
    assert candidates("qm-tui set anna department=") == ["Sales", "Sales\\ Nord"]
    assert candidates("qm-tui set loc", "loc") == ["location="]  # no name that sets a field
    assert files_of(two) == before


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_user_name_that_looks_like_an_option_comes_after_two_dashes(two, shell):
    commit_unchecked(two, user("-x", user_id="u-x"), user("--confirm", user_id="u-c"))

    def found(line: str, replaced: str) -> list[str]:
        return candidates(line + replaced, replaced, shell)

    assert found("qm-tui passwd ", "") == ["--", "anna", "bo"]
    assert found("qm-tui passwd ", "-") == ["--", "--read-only", "--store"]
    assert found("qm-tui passwd ", "-x") == []
    assert found("qm-tui passwd -- ", "") == ["--confirm", "-x", "anna", "bo"]
    assert found("qm-tui passwd -- ", "-") == ["--confirm", "-x"]
    assert found("qm-tui add --like ", "-") == ["--confirm", "-x"]  # the value of an option
    assert output("inactivate", "--dry-run", "--", "--confirm").startswith("--confirm")
    assert output("set", "--", "-x", "location=Bergen").startswith("-x")
