"""Any text as a filter, complete or while typing: a result, or an error with a sentence."""

from contextlib import suppress

from hypothesis import example, given
from hypothesis import strategies as st

from qm_tui.text import sanitize
from qm_tui.users.query.completion import complete_filter
from qm_tui.users.query.filter_fields import FILTER_FIELDS
from qm_tui.users.query.filter_parser import MAX_FILTER_LENGTH, FilterSyntaxError, parse_filter
from tests.helpers import by_id, user
from tests.store.memory.asking import TODAY, GivenActivity, find_user_ids

_HOSTILE = "\x1b]52;c;\x07\u202e\u200b\u0301\U000e0001\ud800"
USERS = by_id(
    user(),
    user("bo", department="Sales EMEA", location="Zürich", is_active="0", password=""),
    user("cy", first_name=_HOSTILE, last_name='a"b|c*d\\e', phone_ip="fe80::1"),
    user("dora", department="", first_name="ß" * 300, windows_login="*", extension="0412"),
    user("emil", unlimited_license="0", computer_recording_license="0", location="İstanbul"),
)
_HAPPENED = GivenActivity(changed={TODAY: ["u-bo"]}, imports={1: ["u-cy"]}, marks=["u-dora"])

_piece = st.one_of(
    st.text(max_size=8),
    st.characters(codec=None),
    st.sampled_from(
        [
            *('"', "|", "=", "-", ":", "*", "\\", '\\"', " ", "\t", "\u3000", "\n", "\x00", "\x1b"),
            *("..", "2026-11-25", "0d", "7d", "99999d", "9" * 30, "last", "yes", "no", "any"),
            *("unlimited", "on-demand", "none", "computer", "fe80::1", "ac:de:48", "10.0.0.*"),
            *("é", "e\u0301", "ß", "İ", "ı", "ﬀ", "\ud83d", "😀", "a" * 300, "*a" * 100, "\x85"),
        ]
    ),
    st.sampled_from(list(FILTER_FIELDS.values())).map(lambda name: f"{name.name}:"),
    st.sampled_from(list(FILTER_FIELDS.values())).map(lambda name: name.name[:3]),
)
_filters = st.lists(_piece, max_size=12).map("".join)


def _fault_is_sound(fault: FilterSyntaxError, text: str) -> None:
    assert 0 <= fault.start <= fault.end <= len(text)
    assert fault.message.endswith(".")
    assert fault.message == sanitize(fault.message)


def _is_no_fault(text: str) -> None:
    try:
        parse_filter(text, is_typing=True)
    except FilterSyntaxError as fault:
        raise AssertionError(fault.message) from fault


def _found(text: str) -> list[str] | None:
    """Return the users that a filter finds; None if it is invalid."""
    try:
        answer = find_user_ids(USERS, text, activity=_HAPPENED)
    except FilterSyntaxError as fault:
        _fault_is_sound(fault, text)
        return None
    return list(answer)


@given(_filters)
@example("*" * MAX_FILTER_LENGTH)
@example("-" * MAX_FILTER_LENGTH)
@example('"' * (MAX_FILTER_LENGTH + 1))
@example("changed:0001-01-01..9999-12-31")
@example("changed:99999d")
@example("import:999999999999999999")
def test_filter_and_its_negation_find_each_user_once(text):
    found = _found(text)
    if found is None:
        return
    assert len(set(found)) == len(found)
    assert set(found) <= set(USERS)
    terms = parse_filter(text)
    if len(terms) == 1 and not terms[0].is_not and len(text) < MAX_FILTER_LENGTH:
        opposite = _found(f"-{text.lstrip()}")
        assert opposite is not None
        assert sorted([*found, *opposite]) == sorted(USERS)


@given(_filters, st.integers(0, 100))
def test_typed_text_is_completed_or_an_error(text, cursor):
    try:
        parse_filter(text, is_typing=True)
    except FilterSyntaxError as fault:
        _fault_is_sound(fault, text)
    typed = text[:cursor]
    offered = complete_filter(
        text, min(cursor, len(text)), lambda field: {one[field.index] for one in USERS.values()}
    )
    assert 0 <= offered.start <= len(typed)
    before = typed[: offered.start]
    with suppress(FilterSyntaxError):
        parse_filter(before, is_typing=True)
        for one in offered.texts:
            if len(before + one) <= MAX_FILTER_LENGTH:
                _is_no_fault(before + one)
