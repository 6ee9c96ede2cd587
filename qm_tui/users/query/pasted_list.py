"""Lookup of the users in a typed or pasted list.

The list may come from an email, a spreadsheet or a CSV file. A `Directory` finds the users of an
entry; its results also determine the entries:

- A whole line that matches a user is one entry, for example `Berg, Anna`.
- Any other line is split at tabs; without tabs, at semicolons; without these, at commas. Parts
  that do not match a user are split in the same way. Text in double quotes is not split.
- Two adjacent parts that are a first and a last name, in either order, are one entry.
- If a part of a line identifies a user by User ID, User Name or name, the other values of this
  user in the line are not entries: a row of a table refers to a user once. Numbers do not identify
  the user of a row. If several users have the same name, the extension in the row decides.
- A first line that contains only names of fields is a header, not an entry.
- Spaces, quotes and separators around an entry, and a bullet before it, are ignored.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from qm_tui.progress import YieldControl, in_chunks
from qm_tui.users.fields import FIELDS, User
from qm_tui.users.query.lookup import NOT_FOUND, Directory, LookupKey, LookupResult

_LINES: Final = 200
"""The number of lines of which all texts are asked at once: some milliseconds."""

_AT_ONCE: Final = 500
"""The number of texts in one question."""

_SEPARATORS: Final = "\t;,"
_PART: Final = {
    separator: re.compile(rf'\s*+"(?:[^"]++|"")*+"\s*+(?={separator}|$)|[^{separator}]*+')
    for separator in _SEPARATORS
}
"""For each separator, a pattern for a part; a quoted part may contain the separator."""

_AROUND: Final = " \t\xa0,;"
_QUOTES: Final = {'"': '"', "'": "'", "“": "”", "„": "“", "«": "»", "‘": "’"}
_BULLET: Final = re.compile(r"[-–•*·>]\s+")

_FIELD_NAMES: Final = frozenset(
    name.casefold()
    for field in FIELDS
    for name in (field.key, field.header, field.name, field.short, *field.aliases)
)


class UnresolvedEntry(NamedTuple):
    """An entry that does not match exactly one user.

    Attributes:
        text: the entry, without the characters around it that are ignored.
        line: the first line that contains it, from 1.
        times: the number of times that the list contains it.
        user_ids: the users that it matches; empty if none.
    """

    text: str
    line: int
    times: int
    user_ids: Sequence[str]


class ResolvedList(NamedTuple):
    """The users in a list.

    Attributes:
        user_ids: the users, without duplicates, in the order of the list.
        unresolved: the entries that match no user or several users, without duplicates, in order.
        entries: the number of entries.
        resolved: the number of entries that match exactly one user.
    """

    user_ids: Sequence[str]
    unresolved: Sequence[UnresolvedEntry]
    entries: int
    resolved: int

    @property
    def ambiguous(self) -> int:
        """The number of entries that match several users."""
        return sum(entry.times for entry in self.unresolved if entry.user_ids)

    @property
    def not_found(self) -> int:
        """The number of entries that match no user."""
        return self.entries - self.resolved - self.ambiguous


class _Part(NamedTuple):
    """A part of a line, and the users that it matches."""

    text: str
    result: LookupResult

    @property
    def user_ids(self) -> Sequence[str]:
        return self.result.user_ids


def resolve_list(lines: Iterable[str], directory: Directory, rest: YieldControl) -> ResolvedList:
    """Return the users in a list.

    Args:
        lines: the list.
        directory: finds users; it is asked for many texts at once.
        rest: called every one or two milliseconds.
    """
    user_ids: dict[str, None] = {}
    unsettled: dict[str, UnresolvedEntry] = {}
    entries = settled = 0
    for line, part in _entries(lines, directory, rest):
        entries += 1
        if len(part.user_ids) == 1:
            settled += 1
            user_ids[part.user_ids[0]] = None
            continue
        known = unsettled.get(part.text) or UnresolvedEntry(part.text, line, 0, part.user_ids)
        unsettled[part.text] = known._replace(times=known.times + 1)
    return ResolvedList(list(user_ids), list(unsettled.values()), entries, settled)


class _Answers:
    """The answers about the texts of a list.

    What is not known yet is found nowhere, until it is asked together with all else that is not.
    """

    def __init__(self, directory: Directory, rest: YieldControl) -> None:
        self._directory, self._rest = directory, rest
        self._known: dict[tuple[str, bool], LookupResult] = {}
        self._users: dict[str, User | None] = {}
        self._open: dict[tuple[str, bool], None] = {}
        self._open_users: dict[str, None] = {}

    def find(self, text: str, *, only_names: bool = False) -> LookupResult:
        """Return the users for a text."""
        found = self._known.get((text, only_names))
        if found is None:
            self._open[text, only_names] = None
        return found or NOT_FOUND

    def user(self, user_id: str) -> User | None:
        """Return a user by its ID."""
        if user_id not in self._users:
            self._open_users[user_id] = None
        return self._users.get(user_id)

    def ask(self) -> bool:
        """Ask what is not known yet; return whether there was anything."""
        has_asked = bool(self._open or self._open_users)
        for only_names in (False, True):
            texts = [text for text, of_names in self._open if of_names is only_names]
            for batch in in_chunks(texts, size=_AT_ONCE):
                found = self._directory.lookup(batch, self._rest, only_names=only_names)
                self._known.update(
                    ((text, only_names), one) for text, one in zip(batch, found, strict=True)
                )
        for batch in in_chunks(self._open_users, size=_AT_ONCE):
            self._users.update(zip(batch, self._directory.users(batch), strict=True))
        self._open, self._open_users = {}, {}
        return has_asked


def _entries(
    lines: Iterable[str], directory: Directory, rest: YieldControl
) -> Iterator[tuple[int, _Part]]:
    """Yield the entries with their line numbers."""
    answers, is_first, first = _Answers(directory, rest), True, 1
    for batch in in_chunks(lines, size=_LINES):
        parsed = [list(_parts(line, answers)) for line in batch]
        while answers.ask():
            parsed = [list(_parts(line, answers)) for line in batch]
        rest()
        kept: list[tuple[int, list[_Part]]] = []
        for number, parts in enumerate(parsed, first):
            if parts and not (is_first and _is_header(parts)):
                kept.append((number, parts))
            is_first = is_first and not parts
        first += len(batch)
        bare = [list(_without_values(parts, answers)) for _, parts in kept]
        if answers.ask():
            bare = [list(_without_values(parts, answers)) for _, parts in kept]
        for (line, _), entries in zip(kept, bare, strict=True):
            yield from ((line, part) for part in entries)


def _is_header(parts: Sequence[_Part]) -> bool:
    return all(not part.user_ids and part.text.casefold() in _FIELD_NAMES for part in parts)


# The parts of a line


def _parts(text: str, answers: _Answers) -> Iterator[_Part]:
    """Yield the parts of a text, split as far as necessary."""
    bare = _strip_decoration(text)
    if not bare:
        return
    whole = _Part(bare, answers.find(bare))
    separator = next((separator for separator in _SEPARATORS if separator in text), "")
    texts = _split(text, separator) if separator and not whole.user_ids else ()
    if len(texts) > 1:
        yield from _of_several(texts, separator, answers)
    else:
        yield whole


def _of_several(texts: Sequence[str], separator: str, answers: _Answers) -> Iterator[_Part]:
    index = 0
    while index < len(texts):
        pair = _full_name(texts[index : index + 2], separator, answers)
        if pair is not None:
            yield pair
            index += 2
        else:
            yield from _parts(texts[index], answers)
            index += 1


def _full_name(texts: Sequence[str], separator: str, answers: _Answers) -> _Part | None:
    """Return two parts as a first and a last name, or None if they are not a name."""
    bare = [text for text in map(_strip_decoration, texts) if text]
    if len(bare) < 2:
        return None
    # names separated by a comma are probably "Last, First"
    text = ", ".join(bare) if separator == "," else " ".join(bare)
    found = answers.find(text, only_names=True)
    if not found.user_ids:
        found = answers.find(" ".join(bare), only_names=True)
    return _Part(text, found) if found.user_ids else None


def _strip_decoration(text: str) -> str:
    """Return a text without the characters around an entry that are ignored."""
    text = _BULLET.sub("", text.strip(_AROUND), count=1)
    while len(text) > 1 and _QUOTES.get(text[0]) == text[-1]:
        text = text[1:-1].strip(_AROUND)
    return text


def _split(text: str, separator: str) -> list[str]:
    """Split a text at a separator, except in double quotes."""
    parts, start = [], 0
    while start <= len(text):
        part = _PART[separator].match(text, start)
        parts.append(part[0] if part else "")
        start += len(parts[-1]) + 1
    return parts


# The entries among them


def _without_values(parts: Sequence[_Part], answers: _Answers) -> Iterator[_Part]:
    """Yield the parts that are entries, without the other values of a user in the same line."""
    in_row = set(_users_of_row(parts)) if len(parts) > 1 else set()
    users = filter(None, map(answers.user, in_row))
    values = {value for user in users for value in _values_of(user)}
    yielded: set[str] = set()
    for part in parts:
        user_id = next((user_id for user_id in part.user_ids if user_id in in_row), None)
        if user_id is None:
            if part.text.casefold() not in values:
                yield part
        elif user_id not in yielded:
            yielded.add(user_id)
            yield _Part(part.text, LookupResult(part.result.key, (user_id,)))


def _users_of_row(parts: Sequence[_Part]) -> Iterator[str]:
    """Yield the users that parts of a line identify."""
    by_extension = {
        user_id
        for part in parts
        if part.result.key is LookupKey.EXTENSION
        for user_id in part.user_ids
    }
    for part in parts:
        if part.result.key in (LookupKey.NOTHING, LookupKey.EXTENSION) or part.text.isdigit():
            continue  # a number in a table may be anything
        user_ids = part.user_ids
        if len(user_ids) > 1:
            user_ids = [user_id for user_id in user_ids if user_id in by_extension]
        if len(user_ids) == 1:
            yield user_ids[0]


def _values_of(user: User) -> Iterator[str]:
    """Yield the values of a user and, if they contain separators, their parts."""
    for value in map(str.casefold, user):
        yield value
        for separator in _SEPARATORS:
            if separator in value:
                yield from map(str.strip, value.split(separator))
