"""Symbols that are a sign of damaged UTF-8 in a file that was detected as Windows-1252.

Source: the users file, section 2, "Encoding". UTF-8 in which every sequence beyond ASCII is damaged
is valid Windows-1252, but with symbols in the middle of names.
"""

import re
from collections.abc import Sequence
from typing import Final

from qm_tui.users.fields import Field
from qm_tui.users.issues import Issue, Severity, truncate

_ODD_SYMBOL: Final = re.compile(
    # neither a letter nor usual punctuation
    "[\xa1-\xa6\xa8\xa9\xac\xae\xaf\xb1-\xb3\xb5\xb6\xb8\xb9\xbc-\xbf\xd7\xf7†‡ˆ‰•˜™ƒ€]"
    # the second byte of a letter after another one
    "|(?<![0-9MNn])[ªº]|(?<=[^\\W\\d_])[§‚„]"
    # the first byte of a letter before another one
    "|(?<=[a-zß-ÿ])[ÂÃÅ]|[ÂÃ](?=[0-9])|[Â-ô](?=[#$%*+<=>^`{|}~\\[\\]])"
)


def holds_odd_symbol(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether a value of the rows may have a `symbol_issue`."""
    return _ODD_SYMBOL.search("\n".join(map("\n".join, rows))) is not None


def symbol_issue(field: Field, value: str) -> Issue | None:
    """Return the warning of a value with such a symbol, or None; none for secrets."""
    match = None if field.is_secret else _ODD_SYMBOL.search(value)
    if match is None:
        return None
    return Issue(
        field,
        f"{field.name} '{truncate(value)}' contains '{match.group()}', which is unusual",
        "Check the value, and the encoding of the file.",
        Severity.WARNING,
        f"{field.name} contains an unusual symbol; the encoding may be wrong",
    )
