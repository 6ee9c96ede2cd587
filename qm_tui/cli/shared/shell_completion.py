"""`qm-tui completion`: shell completion of commands, options, fields, values and users.

The shell passes the line up to the cursor, and gets the candidates for its last word. The store is
opened read-only. After an error there are no candidates and no message.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from enum import StrEnum
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer

from qm_tui.output import print_line, write_raw
from qm_tui.text import sanitize

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

_MAX_CONTINUATIONS: Final = 200
"""The maximum number of candidates."""

_USERS: Final = frozenset({"set", "activate", "inactivate", "delete", "passwd"})
_ASSIGNED: Final = frozenset({"set", "add"})
_TO_BREAK: Final = "=:"
"""Characters other than spaces at which bash breaks words."""

_SPECIAL: Final = frozenset(" \t\"'\\$`&|;<>()*?[]#~!{}")


def completion(
    shell: Annotated[
        Shell,
        typer.Argument(metavar="SHELL", help="Shell: bash, zsh or fish.", show_default=False),
    ],
) -> None:
    """Print a shell completion script.

    To enable completion in bash, run: eval "$(qm-tui completion bash)"
    """
    write_raw(_SCRIPTS[shell])


def complete(
    context: typer.Context,
    shell: Annotated[Shell, typer.Argument()],
    line: Annotated[str, typer.Argument()],
) -> None:
    """Print the candidates for the last word of a line."""
    with suppress(Exception):
        typed = split_line(line)
        candidates = islice(_continuations(context, typed), _MAX_CONTINUATIONS)
        for candidate in sorted(set(candidates)):
            print_line(_quote_continuation(candidate, typed) if shell is Shell.BASH else candidate)


class Typed(NamedTuple):
    """A parsed command line.

    Attributes:
        words: the complete words, unquoted, without the name of the program.
        word: the last word, unquoted; it may be empty.
        quote: the open quote in the last word, if there is one.
    """

    words: Sequence[str]
    word: str
    quote: str


def split_line(line: str) -> Typed:
    """Parse a line as a shell does."""
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


def _quote_continuation(continuation: str, typed: Typed) -> str:
    """Return a candidate as bash inserts it: without the part before a word break, and quoted."""
    inserted = continuation[_begin(typed.word) :]
    if typed.quote:
        return inserted
    return "".join(
        f"\\{character}" if character in _SPECIAL else character for character in inserted
    )


def _begin(word: str) -> int:
    return max(word.rfind(character) for character in _TO_BREAK) + 1


def _continuations(context: typer.Context, typed: Typed) -> Iterator[str]:
    words, word = typed.words, typed.word
    group = context.find_root().command
    commands: dict[str, object] = getattr(group, "commands", {})
    name = next((name for name in words if name in commands), "")
    if not name:
        shown = (name for name in commands if not getattr(commands[name], "hidden", False))
        yield from (name for name in shown if name.startswith(word))
        yield from _options(group, word)
        return
    if word.startswith("-"):
        yield from _options(commands[name], word)
        return
    before = words[-1] if words else ""
    if before.startswith("--") and before != "--like" and _takes_value(commands[name], before):
        return  # the shell completes numbers, paths and filters
    state = _state(context, words)
    if before == "--like":
        yield from _user_names(state, word)
        return
    arguments = [word for word in words[words.index(name) + 1 :] if not word.startswith("-")]
    if name in _ASSIGNED:
        yield from _assignments(state, word)
    if name in _USERS:
        yield from _user_names(state, word)
    if name == "rename":
        yield from _to_rename(state, arguments, word)


def _options(command: object, word: str) -> Iterator[str]:
    for parameter in getattr(command, "params", ()):
        if getattr(parameter, "hidden", False):
            continue
        for option in getattr(parameter, "opts", ()):
            if option.startswith("--") and option.startswith(word) and word.startswith("-"):
                yield option


def _takes_value(command: object, option: str) -> bool:
    parameters = (param for param in getattr(command, "params", ()) if option in param.opts)
    return any(not getattr(parameter, "is_flag", False) for parameter in parameters)


def _state(context: typer.Context, words: Sequence[str]) -> "State":
    """Return the state of the store that the line uses."""
    from qm_tui.cli.shared.common import GlobalOptions, open_store_from_options

    context.obj = GlobalOptions(None, True)
    path = None
    for option, value in pairwise(words):
        if option == "--store":
            path = Path(value).expanduser()
    store = open_store_from_options(context, path, read_only=True, load=False)
    return store.load()


def _user_names(state: "State", word: str) -> Iterator[str]:
    from qm_tui.users.identity import normalize_user_name

    prefix = normalize_user_name(word)
    for key, user_id in state.names.items():
        name = state.users[user_id].user_name
        if key.startswith(prefix) and sanitize(name) == name:
            yield name


def _assignments(state: "State", word: str) -> Iterator[str]:
    """Yield `NAME=`, or `NAME=VALUE` with the values that are in use."""
    from qm_tui.cli.shared.field_assignments import assignable_names
    from qm_tui.users.query.filter_fields import FILTER_FIELDS, YES_NO
    from qm_tui.users.query.licenses import CALL_LICENSES

    name, sign, prefix = word.partition("=")
    if not sign:
        yield from (f"{name}=" for name in assignable_names() if name.startswith(word))
        return
    meant = FILTER_FIELDS.get(name)
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
    yield from (f"{name}={value}" for value in values if value.startswith(prefix))


def _to_rename(state: "State", arguments: Sequence[str], word: str) -> Iterator[str]:
    from qm_tui.cli.shared.field_assignments import renamable_names
    from qm_tui.users.query.filter_fields import FILTER_FIELDS

    if not arguments:
        yield from (name for name in renamable_names() if name.startswith(word))
        return
    meant = FILTER_FIELDS.get(arguments[0])
    if meant is not None and meant.field is not None and not meant.field.is_secret:
        values = _values(state, meant.field.index)
        yield from (value for value in values if value.startswith(word))


def _values(state: "State", index: int) -> list[str]:
    values = {user[index] for user in state.users.values()} - {""}
    return sorted(value for value in values if sanitize(value) == value)
