"""Conditions of SQL about the texts of users, in the forms that `derived` makes of them."""

import re
from typing import Final

from qm_tui.store.postgres.derived import ALL_MARKS, FIELD_MARK
from qm_tui.store.postgres.questions.sql import TRUE, Sql, joined, like_pattern
from qm_tui.users.fields import Field, Kind
from qm_tui.users.query.filter_parser import Value
from qm_tui.users.query.predicates import SearchWord
from qm_tui.users.query.text_matching import BETWEEN, FIELD_END, search_pattern

_ASCII: Final = re.compile(r"[0-9A-Za-z]{3}")
_ANY_LETTERS: Final = re.compile(r"[^\W_]{3}")


class TextConditions:
    """Conditions about texts.

    Args:
        knows_letters: whether the trigram index knows letters beyond ASCII: it does not if the
            database has the locale C.
    """

    def __init__(self, *, knows_letters: bool) -> None:
        # the index would read all of itself for a shorter text
        self._indexed = _ANY_LETTERS if knows_letters else _ASCII

    def has_word(self, word: SearchWord, value: Value) -> Sql:
        """Return the condition that a word is in any text field."""
        if word.pattern is not None:
            return self._has_form(search_pattern(value.text), before="")
        found = self._search_contains(word.part)
        if word.exact is None:
            return found
        fields = ", ".join(f"u.{key}" for key in FIELD_MARK)
        return joined("AND", (found, Sql(f"(%s IN ({fields}))", (word.exact,))), TRUE)

    def _has_form(self, pattern: str, *, before: str) -> Sql:
        """Return the condition that a whole form of a text matches a pattern with `*`.

        Args:
            pattern: the pattern.
            before: a regular expression of what is before the form.
        """
        parts = re.split(r"\*+", pattern)
        inside = f"[^{FIELD_END}]*".join(map(re.escape, parts))
        roughly = "%".join(map(like_pattern, parts))
        return self._search_matches(
            f"{FIELD_END}{roughly}{FIELD_END}",
            f"{before}{FIELD_END}{inside}{FIELD_END}",
            is_indexed=any(map(self._indexed.search, parts)),
        )

    def _search_contains(self, part: str) -> Sql:
        if not part:
            return TRUE
        return self._is_like(like_pattern(part), is_indexed=bool(self._indexed.search(part)))

    def _search_matches(self, roughly: str, pattern: str, *, is_indexed: bool) -> Sql:
        """Return the condition that the searched text matches a regular expression.

        Args:
            roughly: a pattern of LIKE that it matches then, too: much faster to check.
            pattern: the regular expression.
            is_indexed: whether the index finds the first one.
        """
        exactly = Sql("((u.search || '') ~ %s)", (pattern,))  # not in the index again
        return joined("AND", (self._is_like(roughly, is_indexed=is_indexed), exactly), TRUE)

    def _is_like(self, pattern: str, *, is_indexed: bool) -> Sql:
        """Return the condition that a part of the searched text is like a pattern."""
        column = "u.search" if is_indexed else "(u.search || '')"
        return Sql(f"({column} LIKE %s)", (f"%{pattern}%",), is_indexed)

    def matches(self, field: Field, value: Value) -> Sql:
        """Return the condition that the text of a field matches a value."""
        typed, word = value.text, search_pattern(value.text)
        column = f"u.{field.key}"
        if value.is_exact or not typed:
            return Sql(f"({column} = %s)", (typed,))
        if not word:  # invisible characters only
            return Sql(f"(strpos({column}, %s) > 0)", (typed,))
        if field.kind is Kind.ID:
            return self._matches_id(word, has_wildcard=value.has_wildcard)
        inside = f"{FIELD_MARK[field.key]}[^{ALL_MARKS}]*"
        if not value.has_wildcard:
            return self._search_matches(
                like_pattern(word),
                f"{inside}{re.escape(word)}",
                is_indexed=bool(self._indexed.search(word)),
            )
        # an empty text is not searched, but matches `*`
        return self._has_form(word, before=inside) if word.strip("*") else TRUE

    def _matches_id(self, word: str, *, has_wildcard: bool) -> Sql:
        if not has_wildcard:
            return Sql("(strpos(u.folded_id, %s) > 0)", (word,))
        inside = f"[^{BETWEEN}]*".join(map(re.escape, re.split(r"\*+", word)))
        return Sql("(u.folded_id ~ %s)", (f"(^|{BETWEEN}){inside}($|{BETWEEN})",))
