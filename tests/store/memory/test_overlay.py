"""The overlay mapping equals an immutable dictionary."""

from hypothesis import given
from hypothesis import strategies as st

from qm_tui.store.memory import overlay as layers
from qm_tui.store.memory.overlay import OverlayMapping

_KEYS = st.sampled_from("abcdefgh")
_CHANGES = st.dictionaries(_KEYS, st.none() | st.integers(1, 9), max_size=6)


def _changed(plain: dict[str, int], changes: dict[str, int | None]) -> dict[str, int]:
    after = dict(plain)
    for key, value in changes.items():
        if value is None:
            del after[key]
        else:
            after[key] = value
    return after


@given(st.dictionaries(_KEYS, st.integers(1, 9)), st.lists(_CHANGES), st.sampled_from([0, 2, 256]))
def test_mapping_has_entries_and_order_of_a_dictionary(start, steps, limit):
    before = layers._SMALLEST_LIMIT
    layers._SMALLEST_LIMIT = limit  # type: ignore[misc]
    try:
        plain, layered = dict(start), OverlayMapping(dict(start))
        held = [(layered, list(plain.items()))]
        for step in steps:
            changes = {k: v for k, v in step.items() if v is not None or k in plain}
            plain, layered = _changed(plain, changes), layered.with_changes(changes)
            held.append((layered, list(plain.items())))
    finally:
        layers._SMALLEST_LIMIT = before  # type: ignore[misc]
    for one, items in held:
        expected = dict(items)
        assert list(one.items()) == items
        assert list(one) == list(one.keys()) == list(expected)
        assert list(one.values()) == list(expected.values())
        assert list(reversed(one)) == list(expected)[::-1]
        assert (len(one), bool(one), one == expected) == (len(expected), bool(expected), True)
        for key in "abcdefgh":
            assert (key in one, one.get(key), one.get(key, 7)) == (
                key in expected,
                expected.get(key),
                expected.get(key, 7),
            )
