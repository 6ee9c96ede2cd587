"""Values not in use yet: a new department or location may be a typing error.

Source: the users file, section 3, "Warnings": a department, location, security profile, recording
profile or recording service that no user has yet.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final

from qm_tui.text import most_similar
from qm_tui.users.fields import CATEGORICAL, Field, User
from qm_tui.users.issues import Issue, Severity, truncate

NEW_VALUE_REASON: Final = "New {}"
"""The reason of the problem, with the name of the field."""

_MAX_SEARCHES: Final = 1000
"""The number of new values for which a similar one is searched."""

_MAX_COMPARED: Final = 10_000
"""The number of values in use that are compared with a new one: some milliseconds."""

_MAX_LENGTH: Final = 100
"""The number of characters of a value for which a similar one is searched."""


class ValuesInUse:
    """The values that users have in the fields with shared values, to find values that are new.

    As long as it contains no value at all, no value is new: the store is empty, or its values are
    not known yet.

    Args:
        values: by field key, the values in use; those that are suggested first come first.
    """

    def __init__(self, values: Mapping[str, Iterable[str]] | None = None) -> None:
        given = values or {}
        self._known: dict[int, dict[str, None]] = {
            field.index: dict.fromkeys(filter(None, given.get(field.key, ())))
            for field in CATEGORICAL
        }
        self._similar: dict[tuple[int, str], str] = {}

    def add(self, users: Collection[User]) -> None:
        """Add the values of users."""
        for index, known in self._known.items():
            known.update(dict.fromkeys([user[index] for user in users]))
            known.pop("", None)

    def issues(self, user: User, stored: User | None = None) -> Iterator[Issue]:
        """Yield a warning for each new value of a user.

        Args:
            user: the user.
            stored: the stored user, if any; its values are not new.
        """
        for field in CATEGORICAL:
            value = user[field.index]
            if stored is None or value != stored[field.index]:
                issue = self.issue(field, value)
                if issue is not None:
                    yield issue

    def issue(self, field: Field, value: str, *, only_if_similar: bool = False) -> Issue | None:
        """Return the warning of a new value, or None if it is in use or empty.

        Args:
            field: one of the fields with shared values.
            value: the value.
            only_if_similar: whether there is a warning only if a similar value is in use.
        """
        if not value or self._is_empty or _is_any(field, value):
            return None
        if value in self._known[field.index]:
            return None
        similar = self._similar_value(field.index, value)
        if only_if_similar and not similar:
            return None
        question = f" (did you mean '{truncate(similar)}'?)" if similar else ""
        return Issue(
            field,
            f"{field.name} '{truncate(value)}' is not in use yet{question}",
            f"No action needed if {field.name} is correct.",
            Severity.WARNING,
            NEW_VALUE_REASON.format(field.name),
        )

    @property
    def _is_empty(self) -> bool:
        return not any(self._known.values())

    def _similar_value(self, index: int, value: str) -> str:
        """Return a similar value in use, or an empty string."""
        key = (index, value)
        similar = self._similar.get(key)
        if similar is None:
            if len(value) > _MAX_LENGTH or len(self._similar) >= _MAX_SEARCHES:
                return ""
            known = islice(self._known[index], _MAX_COMPARED)
            similar = self._similar[key] = most_similar(value, known)
        return similar


def _is_any(field: Field, value: str) -> bool:
    """Return whether the value means several recording servers: a word of the suite, never new."""
    return field.key == "recording_service" and value.casefold() == "any"
