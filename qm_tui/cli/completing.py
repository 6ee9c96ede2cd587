"""`qm-tui completion`: what makes a shell complete commands, options, fields, values and users.

The shell hands over the line up to the cursor, and gets back what its last word may become. The
store is only read; whatever goes wrong, nothing is completed, and nothing is said.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from enum import StrEnum
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer

from qm_tui.output import put, say
from qm_tui.text import visible

if TYPE_CHECKING:
    from qm_tui.store.state import State


class Shell(StrEnum):
    """A shell."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


_SCRIPTS: Final = {
    Shell.BASH: """\
_qm_tui() {
    local IFS=$'\\n'
    mapfile -t COMPREPLY < <(qm-tui complete bash "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
    [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
}
complete -o default -F _qm_tui qm-tui
""",
    Shell.ZSH: """\
_qm_tui() {
    local -a found
    found=("${(@f)$(qm-tui complete zsh "${(j: :)words[1,CURRENT]}" 2>/dev/null)}")
    compadd -S '' -- ${(M)found:#*=}
    compadd -- ${${found:#*=}:#}
}
compdef _qm_tui qm-tui
""",
    Shell.FISH: """\
complete -c qm-tui -a '(qm-tui complete fish (commandline -cp | string collect) 2>/dev/null)'
""",
}

_MOST: Final = 200
"""Continuations that are offered at once."""

_USERS: Final = frozenset({"set", "activate", "inactivate", "delete", "passwd"})
_ASSIGNED: Final = frozenset({"set", "add"})
_TO_BREAK: Final = "=:"
"""What bash takes for the end of a word, beside blanks."""

_SPECIAL: Final = frozenset(" \t\"'\\$`&|;<>()*?[]#~!{}")


def completion(
    shell: Annotated[Shell, typer.Argument(help="The shell.", show_default=False)],
) -> None:
    """Print what makes a shell complete qm-tui: eval "$(qm-tui completion bash)"."""
    put(_SCRIPTS[shell])


def complete(
    context: typer.Context,
    shell: Annotated[Shell, typer.Argument()],
    line: Annotated[str, typer.Argument()],
) -> None:
    """Print what the last word of a line may become, for a shell."""
    with suppress(Exception):
        typed = words_of(line)
        found = islice(_continuations(context, typed), _MOST)
        for one in sorted(set(found)):
            say(_written(one, typed) if shell is Shell.BASH else one)


class Typed(NamedTuple):
    """A line that is being typed.

    Attributes:
        words: the words that are complete, unquoted, without the program's name.
        word: the one that is being typed, unquoted; it may be empty.
        quote: the quote that is open in it; empty where none is.
    """

    words: Sequence[str]
    word: str
    quote: str


def words_of(line: str) -> Typed:
    """A line as a shell takes it apart."""
    words, word, quote = list[str](), "", ""
    is_word = is_escaped = False
    for character in line:
        if is_escaped:
            word, is_escaped = word + character, False
        elif character == "\\" and quote != "'":
            is_word = is_escaped = True
        elif quote:
            word, quote = (word, "") if character == quote else (word + character, quote)
        elif character in "\"'":
            quote, is_word = character, True
        elif character.isspace():
            if is_word:
                words.append(word)
            word, is_word = "", False
        else:
            word, is_word = word + character, True
    return Typed(words[1:], word, quote)


def _written(continuation: str, typed: Typed) -> str:
    """A continuation as bash inserts it: from where it thinks that the word begins, and quoted."""
    if typed.quote:
        return continuation[_begin(typed.word) :]
    shown = continuation[_begin(typed.word) :]
    return "".join(f"\\{one}" if one in _SPECIAL else one for one in shown)


def _begin(word: str) -> int:
    return max(word.rfind(one) for one in _TO_BREAK) + 1


def _continuations(context: typer.Context, typed: Typed) -> Iterator[str]:
    words, word = typed.words, typed.word
    group = context.find_root().command
    commands: dict[str, object] = getattr(group, "commands", {})
    name = next((one for one in words if one in commands), "")
    if not name:
        shown = (one for one in commands if not getattr(commands[one], "hidden", False))
        yield from (one for one in shown if one.startswith(word))
        yield from _options(group, word)
        return
    if word.startswith("-"):
        yield from _options(commands[name], word)
        return
    before = words[-1] if words else ""
    if before.startswith("--") and before != "--like" and _takes_value(commands[name], before):
        return  # a number, a path, a filter: the shell's own
    state = _state(context, words)
    if before == "--like":
        yield from _user_names(state, word)
        return
    own = [one for one in words[words.index(name) + 1 :] if not one.startswith("-")]
    if name in _ASSIGNED:
        yield from _assignments(state, word)
    if name in _USERS:
        yield from _user_names(state, word)
    if name == "rename":
        yield from _to_rename(state, own, word)


def _options(command: object, word: str) -> Iterator[str]:
    for parameter in getattr(command, "params", ()):
        for option in getattr(parameter, "opts", ()):
            if option.startswith("--") and option.startswith(word) and word.startswith("-"):
                yield option


def _takes_value(command: object, option: str) -> bool:
    found = (one for one in getattr(command, "params", ()) if option in one.opts)
    return any(not getattr(one, "is_flag", False) for one in found)


def _state(context: typer.Context, words: Sequence[str]) -> "State":
    """What the store holds that the line names."""
    from qm_tui.cli.common import Given, opened

    context.obj = Given(None, True)
    path = None
    for option, value in pairwise(words):
        if option == "--store":
            path = Path(value).expanduser()
    store = opened(context, path, read_only=True, load=False)
    return store.load()


def _user_names(state: "State", word: str) -> Iterator[str]:
    from qm_tui.users.identity import name_key

    begin = name_key(word)
    for key, user_id in state.names.items():
        name = state.users[user_id].user_name
        if key.startswith(begin) and visible(name) == name:
            yield name


def _assignments(state: "State", word: str) -> Iterator[str]:
    """`NAME=`, and behind it the values that users have."""
    from qm_tui.cli.assignments import assigned_names
    from qm_tui.users.query.filter_fields import NAMES, YES_NO
    from qm_tui.users.query.licenses import CALL_LICENSES

    name, sign, begin = word.partition("=")
    if not sign:
        yield from (f"{one}=" for one in assigned_names() if one.startswith(word))
        return
    meant = NAMES.get(name)
    if meant is None:
        return
    if meant.field is None:
        values: Iterable[str] = CALL_LICENSES
    elif meant.values:
        values = YES_NO
    elif meant.field.repeats:
        values = _values(state, meant.field.index)
    else:
        return
    yield from (f"{name}={value}" for value in values if value.startswith(begin))


def _to_rename(state: "State", own: Sequence[str], word: str) -> Iterator[str]:
    from qm_tui.cli.changing import RENAMED
    from qm_tui.users.query.filter_fields import NAMES

    if not own:
        yield from (one for one in RENAMED if one.startswith(word))
        return
    meant = NAMES.get(own[0])
    if meant is not None and meant.field is not None and not meant.field.is_secret:
        yield from (one for one in _values(state, meant.field.index) if one.startswith(word))


def _values(state: "State", place: int) -> list[str]:
    values = {user[place] for user in state.users.values()} - {""}
    return sorted(one for one in values if visible(one) == one)
