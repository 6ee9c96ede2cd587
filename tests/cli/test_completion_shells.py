"""Shell completion in real interactive shells: Tab inserts hostile values as plain text."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.terminal import Terminal
from tests.helpers import ANNA, commit_unchecked, needs_package, sample_cases, user

TEXTS = [
    "$(touch ran)",
    "`touch ran`",
    ";touch ran",
    "';touch ran;'",
    '";touch ran;"',
    "\\';touch ran;'",
    '\\";touch ran;"',
    "(touch ran)",
    "${(e):-`touch ran`}",
    "<(touch ran)>ran|touch ran&",
    "*(e:touch ran:)",
    "\"$(touch ran)\"'$(touch ran)'",
    "=ls:~/*?[a]{b,c}^#~%self $HOME\\n",
    "'\\''",
    "\\",
]
EXPANDED = "!!$!touch"
"""The history of commands, within double quotes in bash."""

VALUES = [f"{chr(ord('a') + index)}x{text}" for index, text in enumerate((*TEXTS, EXPANDED))]
"""Each begins with its own letter, so that there is one candidate."""

LINES = [
    ("set anna department={}", ["set", "anna", "department={}"]),
    ("set anna {}department=", ["set", "anna", "department={}"]),
    ("delete {}", ["delete", "{}"]),
    ("passwd {}", ["passwd", "{}"]),
    ("rename department {}", ["rename", "department", "{}"]),
    ("add --like {}", ["add", "--like", "{}"]),
]
"""Commands with a place for an opening quote, and the arguments that they then have."""

SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(qm-tui completion bash)"'),
    "zsh": (
        ["zsh", "-f", "-i"],
        'autoload -Uz compinit; compinit -D -u; eval "$(qm-tui completion zsh)"',
    ),
    "fish": (["fish", "--private", "-i"], "qm-tui completion fish | source"),
}

PARTS = 3
QUOTES = [*((shell, quote) for shell in SHELLS for quote in ("", "'", '"')), ("zsh", "$'")]
CASES = [(*case, part) for case in QUOTES for part in range(PARTS)]
SHORT = [PARTS * number + number % PARTS for number in range(len(QUOTES))]
"""One part of the values in each kind of quote: 53 lines in all."""

RECORDER = """\
#!/bin/sh
case $1 in complet*) exec {program} "$@" ;; esac
number=$(ls {folder} | wc -l)
printf '%s\\0' "$@" > {folder}/$number
echo "recorded $number."
"""


@pytest.fixture
def recorded(home, monkeypatch):
    """Put a program before qm-tui that completes as it does, but only records its arguments."""
    program, folder = home / "bin" / "qm-tui", home / "recorded"
    program.parent.mkdir()
    folder.mkdir()
    own = Path(sys.executable).with_name("qm-tui")
    program.write_text(RECORDER.format(program=own, folder=folder))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    return folder


@pytest.fixture
def hostile(store) -> None:
    values = [user(value, department=value, user_id=f"u{at}") for at, value in enumerate(VALUES)]
    commit_unchecked(store, ANNA, *values)


@contextmanager
def interactive(shell: str) -> Iterator[Terminal]:
    """Start a shell with completion."""
    needs_package(shell)
    command, enable = SHELLS[shell]
    with Terminal(command, columns=200, environment={"PS1": "> "}) as terminal:
        if shell != "fish":
            terminal.send("PS2='continued> '\r")
        terminal.send(f"{enable}; echo is''-ready\r")
        terminal.wait_for("is-ready")
        yield terminal


def arguments(terminal: Terminal, recorded: Path, keys: str) -> list[str]:
    """Type a command line, press Enter, and return the arguments that qm-tui received."""
    number = len([*recorded.iterdir()])
    terminal.send(f"qm-tui {keys}\r")
    terminal.wait_for(f"recorded {number}.")
    return (recorded / str(number)).read_text().split("\0")[:-1]


def offered(shell: str, quote: str) -> list[str]:
    """Return the values that are offered in a kind of quote."""
    return [value for value in VALUES if (shell, quote) != ("bash", '"') or "!" not in value]


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("case", sample_cases(CASES, SHORT), ids=str)
def test_completed_hostile_value_is_one_argument_and_never_runs(home, recorded, case):
    shell, quote, part = case
    with interactive(shell) as terminal:
        for index, value in enumerate(offered(shell, quote)[part::PARTS], part):
            line, expected = LINES[index % len(LINES)]
            keys = f"{line.format(quote)}{value[:2]}\t"
            found = arguments(terminal, recorded, keys)
            assert found == [argument.format(value) for argument in expected]
    assert not (home / "ran").exists()


@pytest.mark.usefixtures("hostile", "recorded")
@pytest.mark.parametrize(
    ("quote", "value"), [('"', VALUES[-1]), *(("$'", value) for value in VALUES[:4])]
)
def test_bash_leaves_a_value_alone_that_quoting_cannot_make_safe(home, quote, value):
    with interactive("bash") as terminal:
        terminal.send(f"qm-tui delete {quote}{value[:2]}\t\r")
        terminal.wait_for("continued> ")  # the quote is still open
        assert value[2:] not in terminal.text
    assert not (home / "ran").exists()


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_common_beginning_of_hostile_values_never_runs(home, store, recorded, shell):
    common = "x;touch ran;$(touch ran)"
    commit_unchecked(store, *(user(f"{common}{end}", user_id=f"u{end}") for end in "12"))
    with interactive(shell) as terminal:
        assert arguments(terminal, recorded, "delete x\t") == ["delete", common]
    assert not (home / "ran").exists()


@pytest.mark.usefixtures("hostile")
def test_bash_inserts_all_values_as_arguments(home, recorded):
    with interactive("bash") as terminal:
        keys = "delete '\x1b*"  # Alt+* inserts all candidates
        assert arguments(terminal, recorded, keys) == ["delete", "anna", *VALUES]
    assert not (home / "ran").exists()


@pytest.mark.parametrize("shell", SHELLS)
def test_field_option_and_name_with_a_dash_are_completed(store, recorded, shell):
    commit_unchecked(store, ANNA, user("-x", user_id="u-x"))
    with interactive(shell) as terminal:
        for keys, found in {
            "set anna dep\tSa\t": ["set", "anna", "department=Sales"],  # without a space
            "delete -- -\t": ["delete", "--", "-x"],
            "delete --dr\t a\t": ["delete", "--dry-run", "anna"],
        }.items():
            assert arguments(terminal, recorded, keys) == found
