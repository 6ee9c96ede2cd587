"""An immutable mapping of which a changed copy is made quickly.

The state of a store must not change while it is read, and a copy of 100,000 entries for a single
edit would take ten times as long as making the edit durable.
"""

from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from itertools import chain
from typing import Any, Final, Generic, TypeVar, cast

V = TypeVar("V")

_SMALLEST_LIMIT: Final = 256
_SHARE: Final = 64
"""A layer may have one change for so many entries below it; then both are merged."""

_REMOVED: Final = object()


class OverlayMapping(Mapping[str, V], Generic[V]):
    """A dictionary that is never changed, and a layer of changes above it.

    Entries are in the order in which they were first set. An entry that is removed and set again
    comes last.

    Args:
        entries: the entries. The caller must not change them afterward.
    """

    __slots__ = ("_base", "_over", "_removed", "_tail")

    def __init__(self, entries: dict[str, V] | None = None) -> None:
        self._base: dict[str, V] = {} if entries is None else entries
        self._over: dict[str, object] = {}
        self._tail: dict[str, V] = {}
        self._removed = 0

    def with_changes(self, changes: Mapping[str, V | None]) -> "OverlayMapping[V]":
        """Return a mapping with these entries set, and those without a value removed.

        Raises:
            KeyError: an entry to remove does not exist.
        """
        limit = max(_SMALLEST_LIMIT, len(self._base) // _SHARE)
        if len(changes) > limit and None not in changes.values():
            # for many changes, a new dictionary is faster
            entries = dict(self.items())
            entries.update(cast("Mapping[str, V]", changes))
            return OverlayMapping(entries)
        over, tail, base = self._over.copy(), self._tail.copy(), self._base
        removed = self._removed
        for key, value in changes.items():
            if value is not None:
                if key in tail or key not in base or over.get(key) is _REMOVED:
                    tail[key] = value
                else:
                    over[key] = value
            elif tail.pop(key, None) is None:
                if key not in base or over.get(key) is _REMOVED:
                    raise KeyError(key)
                over[key] = _REMOVED
                removed += 1
        made: OverlayMapping[V] = OverlayMapping(base)
        made._over, made._tail, made._removed = over, tail, removed
        if len(over) + len(tail) > limit:
            return OverlayMapping(dict(made.items()))
        return made

    def __getitem__(self, key: str) -> V:
        value: V | None = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 - as of any mapping
        """Return the value of an entry, or the default if there is none."""
        if not self._over and not self._tail:
            return self._base.get(key, default)
        if key in self._tail:
            return self._tail[key]
        value = self._over.get(key)
        if value is None:
            return self._base.get(key, default)
        return default if value is _REMOVED else value

    @property
    def lookup(self) -> Callable[[str], V | None]:
        """Return the fastest function that returns an entry, or None if there is none."""
        return self.get if self._over or self._tail else self._base.get

    def __contains__(self, key: object) -> bool:
        return self.get(cast("str", key)) is not None

    def __iter__(self) -> Iterator[str]:
        over = self._over
        keys: Iterator[str] = iter(self._base)
        if self._removed:
            keys = (key for key in self._base if over.get(key) is not _REMOVED)
        return chain(keys, self._tail)

    def __len__(self) -> int:
        return len(self._base) - self._removed + len(self._tail)

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self))

    def values(self) -> ValuesView[V]:
        """Return the values, in order, as fast as a dictionary."""
        return _Values(self)

    def items(self) -> ItemsView[str, V]:
        """Return the entries, in order, as fast as a dictionary."""
        return _Items(self)

    def keys(self) -> KeysView[str]:
        """Return the keys, in order."""
        return KeysView(self)

    def all_values(self) -> Iterator[V]:
        """Yield the values, in order."""
        base = self._base
        found: Iterator[object] = iter(base.values())
        if self._over:
            found = map(self._over.get, base, base.values())
        if self._removed:
            found = (value for value in found if value is not _REMOVED)
        return chain(cast("Iterator[V]", found), self._tail.values())


class _Values(ValuesView[V]):
    _mapping: OverlayMapping[V]

    def __iter__(self) -> Iterator[V]:
        return self._mapping.all_values()


class _Items(ItemsView[str, V]):
    _mapping: OverlayMapping[V]

    def __iter__(self) -> Iterator[tuple[str, V]]:
        return zip(self._mapping, self._mapping.all_values(), strict=True)
