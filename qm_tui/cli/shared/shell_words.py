"""Words of a command line: parse them as a shell does, and quote them.

A value of a user must never be evaluated by the shell that inserts it. zsh and fish quote what they
insert, in every kind of quote. bash inserts it as it is, so it is quoted here.
"""

import re
from typing import Final, NamedTuple

_SINGLE: Final = "'"
_DOUBLE: Final = '"'

_SPECIAL: Final = re.compile(r"(?=[ -~])[^\w@%+=:,./-]", re.ASCII)
"""What needs a backslash outside quotes."""

_SPECIAL_IN_DOUBLE: Final = re.compile(r'[$`"\\]')


class Typed(NamedTuple):
    """A parsed command line.

    Attributes:
        words: the complete words, unquoted, without the name of the program.
        word: the last word, unquoted; it may be empty.
        quote: the open quote in the last word, if there is one.
        is_literal: whether all is plain text: no variable, command or other quote is in it, and its
            end is not a backslash.
    """

    words: list[str]
    word: str
    quote: str
    is_literal: bool


def split_line(line: str, *, escapes_in_single: bool = False) -> Typed:
    r"""Parse a line as a shell does.

    Args:
        line: the line up to the cursor.
        escapes_in_single: whether `\'` in single quotes is a single quote, as in fish.
    """
    words, word, quote = list[str](), "", ""
    is_word = is_escaped = False
    is_literal = True
    for character in line:
        if is_escaped:
            word, is_escaped = word + character, False
        elif character == "\\" and (quote != _SINGLE or escapes_in_single):
            is_word = is_escaped = True
        elif quote and character == quote:
            quote = ""
        elif not quote and character in (_SINGLE, _DOUBLE):
            quote, is_word = character, True
        elif not quote and character.isspace():
            if is_word:
                words.append(word)
            word, is_word = "", False
        else:
            is_literal = is_literal and (quote == _SINGLE or character not in "$`")
            word, is_word = word + character, True
    return Typed(words[1:], word, quote, is_literal and not is_escaped)


def quote_for_bash(word: str, line: str, replaced: str) -> str | None:
    """Return what bash must insert to complete the last word of a line.

    Within a quote it is a whole quoted string, as readline expects it: it does not insert a second
    opening quote.

    Args:
        word: the completed last word.
        line: the line up to the cursor.
        replaced: the end of the line that bash replaces.

    Returns:
        The quoted text; None if bash could evaluate a part of it.
    """
    begin = line.removesuffix(replaced)
    before = split_line(begin)
    if not line.endswith(replaced) or not begin.endswith(before.quote):
        return None
    if not before.is_literal or not word.startswith(before.word):
        return None
    inserted = word[len(before.word) :]
    # a field without its value yet: readline closes the quote, without a space
    closing = "" if inserted.endswith("=") else before.quote
    if before.quote == _SINGLE:
        return _SINGLE + inserted.replace(_SINGLE, r"'\''") + closing
    if before.quote == _DOUBLE:
        if "!" in inserted:  # the history is expanded in double quotes, and a backslash would stay
            return None
        return _DOUBLE + _SPECIAL_IN_DOUBLE.sub(r"\\\g<0>", inserted) + closing
    return _SPECIAL.sub(r"\\\g<0>", inserted)
