"""What the program makes of the values of a user, so that a server can sort, search and compare.

The rules are those of a store in memory, and they are in Python, once: the server only compares
the results, byte by byte. If one of these rules changes, `DERIVED_VERSION` must grow: a store with
results of another version is not used until `qm-tui migrate` has made them again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Final, NamedTuple

from qm_tui.users.fields import FIELDS, Kind, User
from qm_tui.users.identity import look_alike_key, normalize_user_name
from qm_tui.users.query.lookup import name_key
from qm_tui.users.query.name_order import name_key_of
from qm_tui.users.query.sorting import key_function
from qm_tui.users.query.text_matching import (
    BETWEEN,
    FIELD_END,
    fold_for_search,
    strip_accents,
)
from qm_tui.users.screening import invalid_stored_rows

DERIVED_VERSION: Final = 1
"""The version of the rules of this module, and of all that it uses."""

KEYED: Final = tuple(
    field for field in FIELDS if field.kind is not Kind.FLAG and not field.is_secret
)
"""The fields whose sort keys are in the column `keys`, in this order."""

KEY_PLACE: Final = {field.key: place for place, field in enumerate(KEYED, start=1)}
"""By field key, the place of its sort key in `keys`, from 1 as in SQL."""

SEARCHED: Final = tuple(field for field in FIELDS if field.kind in (Kind.TEXT, Kind.IP, Kind.LIST))
"""The fields in which words are searched, in the order of their texts in the column `search`."""

_FIRST_MARK: Final = 0xE100
"""The first of the private characters before the text of each field in `search`."""

FIELD_MARK: Final = {field.key: chr(_FIRST_MARK + place) for place, field in enumerate(SEARCHED)}
"""By field key, the character before its text in `search`: no value contains one."""

ALL_MARKS: Final = f"{chr(_FIRST_MARK)}-{chr(_FIRST_MARK + len(SEARCHED))}"
"""These characters, and the one at the end, as a range of a regular expression."""

_END: Final = chr(_FIRST_MARK + len(SEARCHED))
_NO_MARKS: Final = dict.fromkeys(range(_FIRST_MARK, _FIRST_MARK + len(SEARCHED) + 1), "\uffff")

_MAX_KEY: Final = 400
"""The characters of a sort key that count: an index takes up to 2,700 bytes."""

_CACHED: Final = 20_000

_searched_values = itemgetter(*(field.index for field in SEARCHED))
_keyed_values = itemgetter(*(field.index for field in KEYED))


class Derived(NamedTuple):
    """The values that are derived from a user. The names are those of the columns.

    Attributes:
        keys: the sort keys of the fields of `KEYED`, as an array.
        search: the text in which words are searched.
        folded_id: the User ID in the form in which a part of it is searched.
        name: the comparable User Name.
        look_alike: the key of a User Name of another script that looks like others.
        full_name: the comparable first and last name, if the user has both.
        bare_name: the same without accents, if it has any.
        other_extensions: the Additional Extensions one by one, as an array.
        is_valid: whether the values follow the rules, apart from other users.
    """

    keys: str
    search: str
    folded_id: str
    name: str
    look_alike: str | None
    full_name: str | None
    bare_name: str | None
    other_extensions: str | None
    is_valid: bool


COLUMNS: Final = Derived._fields
"""The columns of the derived values."""


class Deriver:
    """Makes what is stored beside the values of users.

    Args:
        name_order: the name of the order of names of the store.
    """

    def __init__(self, name_order: str) -> None:
        name_key_in_order = name_key_of(name_order)
        self._key_functions: list[Callable[[str], str]] = [
            lru_cache(_CACHED)(key_function(field, name_key_in_order)) for field in KEYED
        ]

    def derive(self, users: Sequence[User]) -> Iterator[Derived]:
        """Yield the derived values of each user."""
        invalid = invalid_stored_rows(users)
        for row, user in enumerate(users):
            keys = [
                key_of(value)[:_MAX_KEY]
                for key_of, value in zip(self._key_functions, _keyed_values(user), strict=True)
            ]
            name = normalize_user_name(user.user_name)
            alike = None if name.isascii() else look_alike_key(user.user_name)
            full_name = bare_name = None
            if user.first_name and user.last_name:
                full_name = name_key(user.first_name, user.last_name)
                bare_name = None if full_name.isascii() else strip_accents(full_name)
            others = user.additional_extensions
            yield Derived(
                _array_text(keys),
                search_text(_searched_values(user)),
                fold_for_search(user.user_id),
                name,
                alike if alike != name else None,
                full_name,
                bare_name,
                _array_text(one.strip() for one in others.split(",")) if others else None,
                row not in invalid,
            )


def search_text(values: Iterable[str]) -> str:
    """Return the text in which words are searched: each form of each value between two marks.

    It contains, for the values that are not empty, the mark of the field, then `FIELD_END`, a form
    and `FIELD_END` for each form: with accents, and without.
    """
    parts = [
        f"{chr(_FIRST_MARK + place)}{_forms(value)}" for place, value in enumerate(values) if value
    ]
    return f"{''.join(parts)}{_END}"


@lru_cache(_CACHED)
def _forms(value: str) -> str:
    folded = value.lower() if value.isascii() else fold_for_search(value)
    forms = folded.translate(_NO_MARKS).split(BETWEEN)
    return "".join(f"{FIELD_END}{form}{FIELD_END}" for form in forms)


def _array_text(values: Iterable[str]) -> str:
    """Return an array as PostgreSQL writes it: ten times as fast to copy as a list."""
    joined = '","'.join(
        value.replace("\\", r"\\").replace('"', r"\"") if '"' in value or "\\" in value else value
        for value in values
    )
    return f'{{"{joined}"}}'
