"""Finds the users whom a list names that somebody typed or pasted.

The list may come from a mail, from columns of a spreadsheet or from a CSV file. Whom an entry
means says `Directory`; what an entry is, is decided by what that finds:

- A whole line that names someone is one entry. So `Berg, Anna` is one.
- Any other line is cut at its tabs; without any at its semicolons; without any at its commas. So
  is each part that names nobody as a whole. Inside double quotes nothing is cut.
- Two parts side by side that are a first and a last name, in either order, are one entry.
- Beside a user whom a part of the line names by User ID, User Name or name, that user's other
  values are no entries: a row of a table names its user once. Numbers alone make no row. Of
  several users of one name the row means the one whose extension stands in it.
- A first line that holds nothing but names of fields is a header, and no entry.
- Blanks, quotes and separators around an entry, and a bullet before it, do not count.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from qm_tui.users.fields import FIELDS, User
from qm_tui.users.query.sorting import Rest
from qm_tui.users.query.user_lookup import By, Directory, Found

_AT_ONCE: Final = 50
"""Parts that are looked at between two rests: a millisecond or two."""

_SEPARATORS: Final = "\t;,"
_PART: Final = {
    separator: re.compile(rf'\s*+"(?:[^"]++|"")*+"\s*+(?={separator}|$)|[^{separator}]*+')
    for separator in _SEPARATORS
}
"""A part up to a separator; in quotes it may hold some itself."""

_AROUND: Final = " \t\xa0,;"
_QUOTES: Final = {'"': '"', "'": "'", "“": "”", "„": "“", "«": "»", "‘": "’"}
_BULLET: Final = re.compile(r"[-–•*·>]\s+")

_FIELD_NAMES: Final = frozenset(
    name.casefold()
    for field in FIELDS
    for name in (field.key, field.header, field.name, field.short, *field.aliases)
)


class Unsettled(NamedTuple):
    """An entry that does not say whom it means.

    Attributes:
        text: the entry as it was given, without what stands around it.
        line: the line where it stands first, from 1.
        times: how often it stands in the list.
        user_ids: the users it may mean; none where it is nobody's.
    """

    text: str
    line: int
    times: int
    user_ids: Sequence[str]


class Named(NamedTuple):
    """What a list names.

    Attributes:
        user_ids: the users that are named, each once, in the order of the list.
        unsettled: the entries that name nobody or several users, each once, in that order.
        entries: how many entries the list has.
        settled: how many of them name one user.
    """

    user_ids: Sequence[str]
    unsettled: Sequence[Unsettled]
    entries: int
    settled: int


class _Part(NamedTuple):
    """A part of a line, and whom it names."""

    text: str
    found: Found

    @property
    def user_ids(self) -> Sequence[str]:
        return self.found.user_ids


def named_in(lines: Iterable[str], directory: Directory, rest: Rest) -> Named:
    """Whom a list names.

    Args:
        lines: the list.
        directory: knows the users.
        rest: called each millisecond or two of work.
    """
    user_ids: dict[str, None] = {}
    unsettled: dict[str, Unsettled] = {}
    entries = settled = 0
    for line, part in _entries(lines, directory, rest):
        entries += 1
        if len(part.user_ids) == 1:
            settled += 1
            user_ids[part.user_ids[0]] = None
            continue
        known = unsettled.get(part.text) or Unsettled(part.text, line, 0, part.user_ids)
        unsettled[part.text] = known._replace(times=known.times + 1)
    return Named(list(user_ids), list(unsettled.values()), entries, settled)


def _entries(lines: Iterable[str], directory: Directory, rest: Rest) -> Iterator[tuple[int, _Part]]:
    """The entries, each with the number of its line."""
    is_first, since_rest = True, 0
    for number, line in enumerate(lines, start=1):
        parts: list[_Part] = []
        for part in _parts(line, directory):
            parts.append(part)
            since_rest += 1
            if since_rest >= _AT_ONCE:
                rest()
                since_rest = 0
        if not parts or (is_first and _is_header(parts)):
            is_first = is_first and not parts
            continue
        is_first = False
        for part in _without_values(parts, directory):
            yield number, part


def _is_header(parts: Sequence[_Part]) -> bool:
    return all(not part.user_ids and part.text.casefold() in _FIELD_NAMES for part in parts)


# The parts of a line


def _parts(text: str, directory: Directory) -> Iterator[_Part]:
    """The parts of a text, as far as it has to be cut."""
    bare = _bared(text)
    if not bare:
        return
    whole = _Part(bare, directory.found(bare))
    separator = next((one for one in _SEPARATORS if one in text), "")
    cut = _cut(text, separator) if separator and not whole.user_ids else ()
    if len(cut) > 1:
        yield from _of_several(cut, separator, directory)
    else:
        yield whole


def _of_several(texts: Sequence[str], separator: str, directory: Directory) -> Iterator[_Part]:
    at = 0
    while at < len(texts):
        pair = _pair(texts[at : at + 2], separator, directory)
        if pair is not None:
            yield pair
            at += 2
        else:
            yield from _parts(texts[at], directory)
            at += 1


def _pair(texts: Sequence[str], separator: str, directory: Directory) -> _Part | None:
    """Two parts as a first and a last name; None where they are none."""
    bare = [one for one in map(_bared, texts) if one]
    if len(bare) < 2:
        return None
    # what a comma divides is rather "Last, First"
    text = ", ".join(bare) if separator == "," else " ".join(bare)
    found = directory.found_by_name(text)
    if not found.user_ids:
        found = directory.found_by_name(" ".join(bare))
    return _Part(text, found) if found.user_ids else None


def _bared(text: str) -> str:
    """A text without what stands around an entry."""
    text = _BULLET.sub("", text.strip(_AROUND), count=1)
    while len(text) > 1 and _QUOTES.get(text[0]) == text[-1]:
        text = text[1:-1].strip(_AROUND)
    return text


def _cut(text: str, separator: str) -> list[str]:
    """The parts of a text, of which those in double quotes are not cut."""
    parts, at = [], 0
    while at <= len(text):
        part = _PART[separator].match(text, at)
        parts.append(part[0] if part else "")
        at += len(parts[-1]) + 1
    return parts


# The entries among them


def _without_values(parts: Sequence[_Part], directory: Directory) -> Iterator[_Part]:
    """The parts that are entries: not those that say more of a user named beside them."""
    rows = set(_users_of_row(parts)) if len(parts) > 1 else set()
    values = {one for user_id in rows for one in _values_of(directory.users[user_id])}
    said: set[str] = set()
    for part in parts:
        meant = next((one for one in part.user_ids if one in rows), None)
        if meant is None:
            if part.text.casefold() not in values:
                yield part
        elif meant not in said:
            said.add(meant)
            yield _Part(part.text, Found(part.found.by, (meant,)))


def _users_of_row(parts: Sequence[_Part]) -> Iterator[str]:
    """The users whom parts of a line name beyond doubt."""
    by_extension = {one for part in parts if part.found.by is By.EXTENSION for one in part.user_ids}
    for part in parts:
        if part.found.by in (By.NOTHING, By.EXTENSION) or part.text.isdigit():
            continue  # a number may stand in a table for anything
        meant = part.user_ids
        if len(meant) > 1:
            meant = [one for one in meant if one in by_extension]
        if len(meant) == 1:
            yield meant[0]


def _values_of(user: User) -> Iterator[str]:
    """What a part of a line may be that holds a value of a user, or what a cut made of it."""
    for value in map(str.casefold, user):
        yield value
        for separator in _SEPARATORS:
            if separator in value:
                yield from map(str.strip, value.split(separator))
