"""`qm-tui completion`: shell completion of commands, options, fields, values and users.

The shell passes the line up to the cursor, and gets the candidates for its last word. The store is
opened read-only. After an error there are no candidates and no message.

A word that begins with `-` would be an option. So if an argument can begin with it, `--` is a
candidate, and the argument follows after it.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer

from qm_tui.cli.commands import COMMANDS
from qm_tui.cli.shared.common import GlobalOptions, open_store_from_options
from qm_tui.cli.shared.field_assignments import assignable_names, is_assignment, renamable_names
from qm_tui.cli.shared.shell_words import quote_for_bash, split_line
from qm_tui.output import print_line, write_raw
from qm_tui.paths import mappings_folder
from qm_tui.store.state import State
from qm_tui.text import sanitize
from qm_tui.transfer.mapping.saved_mappings import saved_mapping_names
from qm_tui.users.fields import CATEGORICAL, Field
from qm_tui.users.identity import normalize_user_name
from qm_tui.users.query.filter_fields import FILTER_FIELDS, YES_NO
from qm_tui.users.query.licenses import CALL_LICENSES


class Shell(StrEnum):
    """A shell."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


_SCRIPTS: Final = Path(__file__).parents[1] / "completions"
"""The scripts, which the wheel also installs where the shells look for them."""

_MAX_CANDIDATES: Final = 200
"""The maximum number of candidates."""

_USERS: Final = frozenset({"set", "activate", "inactivate", "delete", "passwd"})
_ASSIGNED: Final = frozenset({"set", "add"})
_LIKE, _DEFAULT, _MAPPING = "--like", "--default", "--mapping"
_COMPLETED: Final = (_LIKE, _DEFAULT)
"""Options whose values are completed from the store."""

_END_OF_OPTIONS: Final = "--"


def completion(
    shell: Annotated[
        Shell,
        typer.Argument(metavar="SHELL", help="Shell: bash, zsh or fish.", show_default=False),
    ],
) -> None:
    """Print a shell completion script.

    To enable completion in bash, run: eval "$(qm-tui completion bash)"
    """
    write_raw((_SCRIPTS / f"qm-tui.{shell}").read_text(encoding="utf-8"))


def complete(
    context: typer.Context,
    shell: Annotated[Shell, typer.Argument()],
    line: Annotated[str, typer.Argument()],
    replaced: Annotated[str, typer.Argument()] = "",
) -> None:
    """Print the candidates for the last word of a line.

    bash also passes the end of the line that a candidate replaces.
    """
    with suppress(Exception):
        found = _candidates(context, shell, line, replaced)
        for candidate in sorted(set(islice(found, _MAX_CANDIDATES))):
            print_line(candidate)


def _candidates(context: typer.Context, shell: Shell, line: str, replaced: str) -> Iterator[str]:
    """Yield the candidates as the shell needs them."""
    typed = split_line(line, escapes_in_single=shell is Shell.FISH)
    for word in _continuations(context, typed.words, typed.word):
        if not word or sanitize(word) != word:
            continue
        candidate = quote_for_bash(word, line, replaced) if shell is Shell.BASH else word
        if candidate is not None:
            yield candidate


class _Given(NamedTuple):
    """The complete words after a command.

    Attributes:
        options: the values of the options.
        pending: the option whose value is the last word; empty if there is none.
        arguments: the words that are neither options nor their values.
        is_past_options: whether all words are arguments from now on.
    """

    options: dict[str, str]
    pending: str
    arguments: Sequence[str]
    is_past_options: bool


def _given(command: object, words: Iterable[str]) -> _Given:
    """Divide words into options and arguments, as Typer does."""
    options, arguments = dict[str, str](), list[str]()
    rest = iter(words)
    for word in rest:
        if word == _END_OF_OPTIONS:
            return _Given(options, "", [*arguments, *rest], True)
        if not word.startswith("-"):
            arguments.append(word)
            if not getattr(command, "allow_interspersed_args", True):
                arguments += rest
            continue
        name, sign, value = word.partition("=")
        if sign:
            options[name] = value
        elif _takes_value(command, name):
            following = next(rest, None)
            if following is None:
                return _Given(options, name, arguments, False)
            options[name] = following
    return _Given(options, "", arguments, False)


def _continuations(context: typer.Context, words: Sequence[str], word: str) -> Iterator[str]:
    """Yield the words that can take the place of the last word."""
    group = context.find_root().command
    commands: dict[str, object] = getattr(group, "commands", {})
    before = _given(group, words)
    if before.pending:
        return  # the shell completes paths
    if not before.arguments:
        yield from (name for name in COMMANDS if name.startswith(word))
        yield from _options(group, word)
        return
    name, *others = before.arguments
    command = commands[name]
    given = _given(command, others)
    choices = _choices(command, given.pending)
    if choices and (given.pending or not word.startswith("-")):
        yield from (choice for choice in choices if choice.startswith(word))
        return
    if given.pending and given.pending not in _COMPLETED:
        return  # the shell completes numbers, paths and filters
    if word.startswith("-") and not given.pending and not given.is_past_options:
        yield from _options(command, word)
        if not _END_OF_OPTIONS.startswith(word):
            return
    state = _state(context, given.options.get("--store", before.options.get("--store")))
    if given.pending:
        completed = _assignments if given.pending == _DEFAULT else _user_names
        yield from completed(state, word)
        return
    for argument in _arguments(state, name, given.arguments, word):
        if given.is_past_options or not argument.startswith("-"):
            yield argument
        else:
            yield _END_OF_OPTIONS


def _options(command: object, word: str) -> Iterator[str]:
    for parameter in getattr(command, "params", ()):
        if getattr(parameter, "hidden", False):
            continue
        for option in getattr(parameter, "opts", ()):
            if option.startswith("--") and option.startswith(word) and word.startswith("-"):
                yield option


def _choices(command: object, option: str) -> list[str]:
    """Return the values of an option, or of the argument of a command, that has only some.

    Args:
        command: the command.
        option: the option; empty for the argument.
    """
    if option == _MAPPING:
        return saved_mapping_names(mappings_folder())
    parameters = (
        one
        for one in getattr(command, "params", ())
        if (option in one.opts if option else one.param_type_name == "argument")
    )
    return [str(choice) for one in parameters for choice in getattr(one.type, "choices", ())]


def _takes_value(command: object, option: str) -> bool:
    parameters = (param for param in getattr(command, "params", ()) if option in param.opts)
    return any(not getattr(parameter, "is_flag", False) for parameter in parameters)


def _state(context: typer.Context, store: str | None) -> State:
    """Return the state of the store at this location, or of the default store."""
    context.obj = GlobalOptions(None, True)
    return open_store_from_options(context, store, read_only=True, load=False).load()


def _arguments(state: State, command: str, before: Sequence[str], word: str) -> Iterator[str]:
    """Yield the arguments of a command that begin with a word.

    Args:
        state: the users.
        command: the name of the command.
        before: its arguments before the word.
        word: the beginning of the argument.
    """
    if command in _ASSIGNED:
        yield from _assignments(state, word)
    if command in _USERS:
        for name in _user_names(state, word):
            if command not in _ASSIGNED or not is_assignment(name):
                yield name
    if command == "rename":
        yield from _to_rename(state, before, word)


def _user_names(state: State, word: str) -> Iterator[str]:
    prefix = normalize_user_name(word)
    for user_ids in state.names_beginning(prefix):
        yield from (user.user_name for user in state.users(user_ids) if user)


def _assignments(state: State, word: str) -> Iterator[str]:
    """Yield `NAME=`, or `NAME=VALUE` with the values that are in use."""
    name, sign, prefix = word.partition("=")
    if not sign:
        yield from (f"{name}=" for name in assignable_names() if name.startswith(word))
        return
    meant = FILTER_FIELDS.get(name)
    if meant is None or name not in assignable_names():
        return
    if meant.field is None:
        values: Iterable[str] = CALL_LICENSES
    elif meant.values:
        values = YES_NO
    elif meant.field.repeats:
        values = _values(state, meant.field)
    else:
        return
    yield from (f"{name}={value}" for value in values if value.startswith(prefix))


def _to_rename(state: State, arguments: Sequence[str], word: str) -> Iterator[str]:
    if not arguments:
        yield from (name for name in renamable_names() if name.startswith(word))
        return
    meant = FILTER_FIELDS.get(arguments[0])
    if meant is not None and meant.field in CATEGORICAL:
        values = _values(state, meant.field)
        yield from (value for value in values if value.startswith(word))


def _values(state: State, field: Field) -> list[str]:
    return sorted(value for (value,) in state.groups((field.key,)))
