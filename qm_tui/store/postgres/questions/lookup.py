"""Lookup of what an admin wrote, as `qm_tui.users.query.lookup` describes it, in SQL."""

from collections.abc import Iterable, Mapping, Sequence

from qm_tui.store.postgres.server.connection import ServerConnection, run
from qm_tui.users.identity import normalize_user_name
from qm_tui.users.query.lookup import NOT_FOUND, LookupKey, LookupResult, name_keys
from qm_tui.users.query.text_matching import strip_accents

_Found = Mapping[str, Sequence[str]]
"""By text, the User IDs of the users who have it, in the order of the store."""


class UserLookup:
    """Finds users by User ID, User Name, extension and name.

    Args:
        connection: the connection that is asked.
    """

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection

    def find(self, texts: Sequence[str], *, only_names: bool) -> list[LookupResult]:
        """Return the users of each text: a few questions for all of them."""
        found: dict[str, LookupResult] = {"": NOT_FOUND}
        if not only_names:
            self._find_ids(found, texts)
            self._find_user_names(found, texts)
            self._find_extensions(found, texts)
        self._find_names(found, texts)
        return [found.get(text, NOT_FOUND) for text in texts]

    def _find_ids(self, found: dict[str, LookupResult], texts: Sequence[str]) -> None:
        rows = self._by_text(
            "SELECT u.user_id, u.user_id FROM qm_tui.users u WHERE u.user_id = ANY(%s)",
            _missing(found, texts),
        )
        _add(found, LookupKey.USER_ID, rows, rows)

    def _find_user_names(self, found: dict[str, LookupResult], texts: Sequence[str]) -> None:
        names = {text: normalize_user_name(text) for text in _missing(found, texts)}
        owners = self._by_text(
            "SELECT n.name, n.user_id FROM qm_tui.names n WHERE n.name = ANY(%s)", names.values()
        )
        rows = {text: owners[name] for text, name in names.items() if name in owners}
        _add(found, LookupKey.USER_NAME, rows, rows)

    def _find_extensions(self, found: dict[str, LookupResult], texts: Sequence[str]) -> None:
        first = self._by_text(
            "SELECT u.extension, u.user_id FROM qm_tui.users u WHERE u.extension = ANY(%s)"
            " ORDER BY u.seq",
            _missing(found, texts),
        )
        _add(found, LookupKey.EXTENSION, first, first)
        missing = _missing(found, texts)
        others = self._by_text(
            "SELECT one, user_id FROM (SELECT u.user_id, u.seq, unnest(u.other_extensions) AS one"
            " FROM qm_tui.users u WHERE u.other_extensions && %s) AS every ORDER BY seq",
            missing,
        )
        _add(found, LookupKey.EXTENSION, missing, others)

    def _find_names(self, found: dict[str, LookupResult], texts: Sequence[str]) -> None:
        orders = {text: name_keys(text) for text in _missing(found, texts)}
        bare = {one: strip_accents(one) for keys in orders.values() for one in keys}
        full_names = self._by_text(
            "SELECT u.full_name, u.user_id FROM qm_tui.users u WHERE u.full_name = ANY(%s)"
            " ORDER BY u.seq",
            {*bare, *bare.values()},
        )
        bare_names = self._by_text(
            "SELECT u.bare_name, u.user_id FROM qm_tui.users u WHERE u.bare_name = ANY(%s)"
            " ORDER BY u.seq",
            bare.values(),
        )
        for text, keys in orders.items():
            exact = (full_names.get(one, ()) for one in keys)
            without = (
                tuple(
                    dict.fromkeys((*full_names.get(bare[one], ()), *bare_names.get(bare[one], ())))
                )
                for one in keys
            )
            user_ids = next(filter(None, exact), ()) or next(filter(None, without), ())
            if user_ids:
                found[text] = LookupResult(LookupKey.NAME, tuple(user_ids))

    def _by_text(self, statement: str, texts: Iterable[str]) -> dict[str, list[str]]:
        wanted = list(texts)
        rows: dict[str, list[str]] = {}
        for text, user_id in run(self._connection, statement, (wanted,)) if wanted else ():
            user_ids = rows.setdefault(text, [])
            if user_ids[-1:] != [user_id]:
                user_ids.append(user_id)
        return rows


def _missing(found: Mapping[str, LookupResult], texts: Iterable[str]) -> list[str]:
    return [text for text in dict.fromkeys(texts) if text not in found]


def _add(
    found: dict[str, LookupResult], key: LookupKey, texts: Iterable[str], rows: _Found
) -> None:
    found.update({text: LookupResult(key, tuple(rows[text])) for text in texts if text in rows})
