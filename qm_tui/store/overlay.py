"""A mapping that never changes, from which one with a few changes is made in no time.

A store's state must not change under those who read it, and a copy of 100,000 entries for each
single edit would take ten times as long as making the edit durable.
"""

from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from itertools import chain
from typing import Any, Final, Generic, TypeVar, cast

V = TypeVar("V")

_SMALLEST_LIMIT: Final = 256
_SHARE: Final = 64
"""A layer may hold one change for so many entries below it, before both become one."""

_GONE: Final = object()


class OverlayMapping(Mapping[str, V], Generic[V]):
    """A plain dictionary that is never changed, and above it what differs from it.

    Entries keep the order in which they were first set. One that is taken out and set again comes
    last.

    Args:
        entries: the entries. They must not be changed any more by anybody else.
    """

    __slots__ = ("_base", "_over", "_removed", "_tail")

    def __init__(self, entries: dict[str, V] | None = None) -> None:
        self._base: dict[str, V] = {} if entries is None else entries
        self._over: dict[str, object] = {}
        self._tail: dict[str, V] = {}
        self._removed = 0

    def changed(self, changes: Mapping[str, V | None]) -> "OverlayMapping[V]":
        """A mapping with these entries set, and those without a value taken out.

        Raises:
            KeyError: an entry that is not there was to be taken out.
        """
        limit = max(_SMALLEST_LIMIT, len(self._base) // _SHARE)
        if len(changes) > limit and None not in changes.values():
            # many at once: one dictionary again, at the speed of dictionaries
            entries = dict(self.items())
            entries.update(cast("Mapping[str, V]", changes))
            return OverlayMapping(entries)
        over, tail, base = self._over.copy(), self._tail.copy(), self._base
        removed = self._removed
        for key, value in changes.items():
            if value is not None:
                if key in tail or key not in base or over.get(key) is _GONE:
                    tail[key] = value
                else:
                    over[key] = value
            elif tail.pop(key, None) is None:
                if key not in base or over.get(key) is _GONE:
                    raise KeyError(key)
                over[key] = _GONE
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
        """The value of an entry; the default where there is none."""
        if not self._over and not self._tail:
            return self._base.get(key, default)
        if key in self._tail:
            return self._tail[key]
        value = self._over.get(key)
        if value is None:
            return self._base.get(key, default)
        return default if value is _GONE else value

    def __contains__(self, key: object) -> bool:
        return self.get(cast("str", key)) is not None

    def __iter__(self) -> Iterator[str]:
        over = self._over
        kept: Iterator[str] = iter(self._base)
        if self._removed:
            kept = (key for key in self._base if over.get(key) is not _GONE)
        return chain(kept, self._tail)

    def __len__(self) -> int:
        return len(self._base) - self._removed + len(self._tail)

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self))

    def values(self) -> ValuesView[V]:
        """The values, in order, as fast as those of a dictionary."""
        return _Values(self)

    def items(self) -> ItemsView[str, V]:
        """The entries, in order, as fast as those of a dictionary."""
        return _Items(self)

    def keys(self) -> KeysView[str]:
        """The keys, in order."""
        return KeysView(self)

    def all_values(self) -> Iterator[V]:
        """The values, in order."""
        base = self._base
        found: Iterator[object] = iter(base.values())
        if self._over:
            found = map(self._over.get, base, base.values())
        if self._removed:
            found = (value for value in found if value is not _GONE)
        return chain(cast("Iterator[V]", found), self._tail.values())


class _Values(ValuesView[V]):
    _mapping: OverlayMapping[V]

    def __iter__(self) -> Iterator[V]:
        return self._mapping.all_values()


class _Items(ItemsView[str, V]):
    _mapping: OverlayMapping[V]

    def __iter__(self) -> Iterator[tuple[str, V]]:
        return zip(self._mapping, self._mapping.all_values(), strict=True)
