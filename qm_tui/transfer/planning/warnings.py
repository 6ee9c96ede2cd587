"""Warnings that take the store, or a spreadsheet's habits, to see.

Source: the users file, section 3, "Warnings". Those of a user alone are `qm_tui.users.warnings`.
"""

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Final

from qm_tui.progress import Tick
from qm_tui.store.state import State
from qm_tui.transfer.planning.totals import in_steps
from qm_tui.transfer.reading.spreadsheet import FORMULA_SIGNS, would_run
from qm_tui.users.fields import FIELD, FIELDS, SHARED_PLACES, Kind, User
from qm_tui.users.identity import name_key
from qm_tui.users.issues import Fault, Severity, shortened
from qm_tui.users.warnings import warnings_of

_GROUPING: Final = tuple(
    FIELD[key] for key in ("department", "security_profile", "recording_profile", "location")
)
"""The fields whose values many users share, so that a new one may be a slip of the pen."""

_EXTENSION: Final = FIELD["extension"]
_EXTENSION_AT: Final = _EXTENSION.index
_SAID: Final = tuple(
    field for field in FIELDS if field.kind not in (Kind.SECRET, Kind.FLAG, Kind.ID)
)
_SAID_PLACES: Final = tuple(field.index for field in _SAID)
_OWN_SAID: Final = tuple(
    field.index
    for field in _SAID
    if field.index not in SHARED_PLACES and field.kind is not Kind.IP and field.key != "sip_uri"
)
"""Where values stand that each user has for himself and that may run: no valid address does."""

_SHARED_SAID: Final = tuple(place for place in _SAID_PLACES if place in SHARED_PLACES)
_said_of: Final = itemgetter(*_SAID_PLACES)
_grouping_of: Final = itemgetter(*(field.index for field in _GROUPING))
_NOTHING: Final = ("",) * len(_SAID)

_FORMULAS: Final = tuple(
    re.compile(rf"{re.escape(sign)}(?<=\n{re.escape(sign)})") for sign in FORMULA_SIGNS
)
"""For each sign what finds it at the start of a line. A pattern that begins with one character is
looked for faster than two in a row."""

_SUGGESTIONS: Final = 1000
"""The new values for which a near one is looked for; a file of nothing but new values has none."""

_NEAR: Final = 0.75
"""How alike two values must be, from 0 to 1, for one to be suggested for the other."""


class Cautions:
    """Asks for the warnings of users against a store.

    Args:
        state: what the store holds.
        tick: told while the store's values are gathered.
    """

    def __init__(self, state: State, tick: Tick) -> None:
        self._known: dict[int, set[str]] = {field.index: set() for field in _GROUPING}
        for users in in_steps(state.users.values(), len(state.users), tick):
            columns = list(zip(*users, strict=True))
            for place, known in self._known.items():
                known.update(columns[place])
        self._has_users = bool(state.users)
        self._suggestions: dict[tuple[int, str], str] = {}

    def rows(self, columns: Sequence[Sequence[str]]) -> set[int]:
        """Which of many new users have such a warning, asked of all of them at once.

        Those with a fault (`unsound_rows`) need not be among them.

        Args:
            columns: for each of the 26 fields the values of all users.

        Returns:
            The places in the columns.
        """
        rows: set[int] = set()
        shared = (set(columns[place]) for place in _SHARED_SAID)
        text = "\n".join(chain(("",), *(columns[place] for place in _OWN_SAID), *shared))
        if any(sign.search(text) for sign in _FORMULAS):
            for place in _SAID_PLACES:
                rows.update(at for at, value in enumerate(columns[place]) if would_run(value))
        if self._has_users:
            for place, known in self._known.items():
                column = columns[place]
                if not known.issuperset(column):
                    rows.update(at for at, one in enumerate(column) if one and one not in known)
        return rows

    def of(self, user: User, stored: User | None) -> list[Fault]:
        """The warnings of a user who is added or changed, those of the user alone included.

        Args:
            user: the user as it will be.
            stored: the user as it was; of what did not change nothing is said.
        """
        return [
            *_another_person(user, stored),
            *warnings_of(user, stored),
            *self._new_values(user, stored),
            *_formulas(user, stored),
        ]

    def _new_values(self, user: User, stored: User | None) -> Iterator[Fault]:
        """Values that no user has yet. In an empty store all are, and nothing is said."""
        if not self._has_users or (stored and _grouping_of(user) == _grouping_of(stored)):
            return
        for field in _GROUPING:
            value = user[field.index]
            known = self._known[field.index]
            if not value or value in known or (stored and stored[field.index] == value):
                continue
            near = self._near(field.index, value)
            question = f": did you mean '{shortened(near)}'?" if near else ""
            yield Fault(
                field,
                f"{field.name} '{shortened(value)}' is new here, no user has it yet{question}",
                f"Nothing to do, if {field.name} is right.",
                Severity.WARNING,
                f"{field.name} is new here: no user has it yet",
            )

    def _near(self, place: int, value: str) -> str:
        """A value like this one that users have; empty where there is none."""
        key = (place, value)
        found = self._suggestions.get(key)
        if found is None:
            if len(self._suggestions) >= _SUGGESTIONS:
                return ""
            found = self._suggestions[key] = _nearest(value, self._known[place])
        return found


def _nearest(value: str, known: Iterable[str]) -> str:
    # takes 15 ms to import, and most files have no use for it
    from rapidfuzz import process  # noqa: PLC0415
    from rapidfuzz.distance import OSA  # noqa: PLC0415

    found = process.extractOne(
        value,
        list(known),
        processor=str.casefold,
        scorer=OSA.normalized_similarity,
        score_cutoff=_NEAR,
    )
    return found[0] if found else ""


def _another_person(user: User, stored: User | None) -> Iterator[Fault]:
    """That both names change, which only the choice to take them lets through."""
    if (
        stored is not None
        and user.last_name != stored.last_name
        and name_key(user.user_name) != name_key(stored.user_name)
    ):
        name = " ".join(filter(None, (stored.first_name, stored.last_name)))
        yield Fault(
            FIELD["user_id"],
            f"User ID is {shortened(name)} here: User Name and Last Name are both taken",
            "Check that the User ID is that of the same person.",
            Severity.WARNING,
            "User Name and Last Name are both taken",
        )


def _formulas(user: User, stored: User | None) -> Iterator[Fault]:
    before = _NOTHING if stored is None else _said_of(stored)
    for field, value, was in zip(_SAID, _said_of(user), before, strict=True):
        if value is not was and value != was and would_run(value):
            yield Fault(
                field,
                f"{field.name} '{shortened(value)}' would run as a formula in a spreadsheet",
                f"Check {field.name}. Guard formulas when you export.",
                Severity.WARNING,
                f"{field.name} would run as a formula in a spreadsheet",
            )


class Extensions:
    """How many users have each extension, as the import goes on.

    Args:
        state: what the store holds.
        tick: told while the store's extensions are counted.
    """

    def __init__(self, state: State, tick: Tick) -> None:
        self.counts: dict[str, int] = {}
        self._held: list[str] = []
        self._lines: array[int] = array("q")
        self._moved: set[str] = set()
        self._void: set[int] = set()
        get = self.counts.get
        for users in in_steps(state.users.values(), len(state.users), tick):
            for user in users:
                extension = user[_EXTENSION_AT]
                self.counts[extension] = get(extension, 0) + 1

    def add_new(self, extensions: Sequence[str], lines: Sequence[int]) -> None:
        """Count many that nobody has yet, of the records in these lines."""
        self.counts.update(dict.fromkeys(extensions, 1))
        self._held += extensions
        self._lines.extend(lines)

    def move(self, user: User, stored: User | None, line: int) -> bool:
        """Count a user who is added or changed; whether somebody else has the extension."""
        extension = user[_EXTENSION_AT]
        if stored is not None:
            before = stored[_EXTENSION_AT]
            if before == extension:
                return False
            self.counts[before] -= 1
            self._moved.add(user.user_id)
        self._held.append(extension)
        self._lines.append(line)
        count = self.counts[extension] = self.counts.get(extension, 0) + 1
        return count > 1

    def take_back(self, user: User, stored: User | None, line: int) -> None:
        """Count the user as it was: the record in this line is rejected."""
        before = stored[_EXTENSION_AT] if stored is not None else None
        if before == user[_EXTENSION_AT]:
            return
        self.counts[user[_EXTENSION_AT]] -= 1
        self._void.add(line)
        if before is not None:
            self.counts[before] += 1
            self._moved.discard(user.user_id)

    def first_holders(self, extensions: set[str], state: State, tick: Tick) -> dict[str, list[str]]:
        """By extension, two of the users who have it after the import, in words."""
        holders: dict[str, list[str]] = {one: [] for one in extensions}
        for users in in_steps(state.users.values(), len(state.users), tick):
            for user in users:
                found = holders.get(user[_EXTENSION_AT])
                if found is not None and len(found) < 2 and user.user_id not in self._moved:
                    name = " ".join(filter(None, (user.first_name, user.last_name)))
                    found.append(shortened(name))
        for extension, line in zip(self._held, self._lines, strict=True):
            found = holders.get(extension)
            if found is not None and len(found) < 2 and line not in self._void:
                found.append(f"line {line}")
        return holders


def extension_twice(extension: str, who: str) -> Fault:
    """The warning of an extension that another user has.

    Args:
        extension: the extension.
        who: who else has it, in words.
    """
    return Fault(
        _EXTENSION,
        f"Extension {shortened(extension)} is used twice: {who} has it too",
        "Nothing to do, if both users share it.",
        Severity.WARNING,
        "Extension is used twice",
    )
