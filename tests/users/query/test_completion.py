"""Completion of filters: completions are valid and match."""

from hypothesis import given
from hypothesis import strategies as st

from qm_tui.users.fields import Field
from qm_tui.users.query.completion import MAX_COMPLETIONS, Completions, complete_filter
from qm_tui.users.query.filter_fields import FILTER_FIELDS
from qm_tui.users.query.filter_parser import parse_filter

_VALUES = {
    "department": [
        *("Sales", "Support", "Sales EMEA", "IT", "Vertrieb Süd", "b*", 'a "b"', "=x", "a|b"),
    ],
    "location": ["Oslo", "Malmö", "Ober-Oslo"],
    "windows_login": ["CORP\\anna", "CORP\\bo"],
}


def values_of(field: Field) -> list[str]:
    assert not field.is_secret
    return _VALUES.get(field.key, [])


def offered(typed: str) -> list[str]:
    """Return the filter with each completion; `_` is the cursor, or else the end."""
    before, _, after = typed.partition("_")
    start, texts = complete_filter(before + after, len(before), values_of)
    assert start <= len(before)
    return [before[:start] + text for text in texts]


_NAMES = (
    "dep ⇒ department: ¦ DEP ⇒ department: ¦ -dep ⇒ -department: ¦ "
    "anna dep ⇒ anna department: ¦ anna\xa0-dep ⇒ anna\xa0-department: ¦ "
    "dep_ anna ⇒ department: ¦ user-n ⇒ user-name: ¦ "
    "phone ⇒ phone-ip: ; secondary-phone-ip: ¦ act ⇒ active: ¦ pass ⇒ password: ¦ salt ⇒ ¦ "
    ' ⇒ ¦ - ⇒ ¦ anna  ⇒ ¦ 10 ⇒ ¦ "dep ⇒ ¦ a|dep ⇒ ¦ '
    '"anna berg" lic ⇒ "anna berg" license: ; "anna berg" unlimited-license:'
)
"""Typed text, and the first filters with a completed name."""


def test_names_are_completed():
    for case in _NAMES.split(" ¦ "):
        typed, _, completed = case.partition(" ⇒")
        becomes = [text for text in completed[1:].split(" ; ") if text]
        assert offered(typed)[: len(becomes) or None] == becomes, typed


_VALUES_OFFERED = (
    'department:s ⇒ Sales ; Support ; "Sales EMEA" ; "Vertrieb Süd" ¦ '
    'department:S ⇒ Sales ; Support ; "Sales EMEA" ; "Vertrieb Süd" ¦ '
    "dep:it ⇒ IT ¦ -department:it ⇒ IT ¦ department:it|sup ⇒ Support ¦ "
    'department:"Sales EMEA"|sup ⇒ Support ¦ '
    'department:"sales e ⇒ "Sales EMEA" ¦ department:"a| ⇒ "a|b" ¦ '
    'department:"a \\" ⇒ "a \\"b\\"" ¦ department:=it ⇒ IT ¦ '
    'department:="sales e ⇒ "Sales EMEA" ¦ department:sud ⇒ "Vertrieb Süd" ¦ '
    'department:süd ⇒ "Vertrieb Süd" ¦ department:"b* ⇒ "b*" ¦ '
    'department:"= ⇒ "=x" ¦ department:x|y|oslo ⇒ ¦ '
    "location:o ⇒ Oslo ; Ober-Oslo ; Malmö ¦ location:malmo ⇒ Malmö ¦ "
    'windows-login:corp\\b ⇒ CORP\\bo ¦ windows-login:"corp\\\\b ⇒ CORP\\bo ¦ '
    "active: ⇒ yes ; no ¦ active:Y ⇒ yes ¦ license:o ⇒ on-demand ¦ "
    "license:unlimited|c ⇒ computer ¦ changed:t ⇒ today ¦ import: ⇒ last ¦ "
    "marked:n ⇒ no ¦ duplicate:e ⇒ extension ¦ password: ⇒ none-yet ¦ salt:x ⇒ ¦ "
    'user: ⇒ ¦ nothing: ⇒ ¦ "department: ⇒ ¦ fe80:: ⇒ ¦ de:ad:be ⇒ ¦ extension: ⇒'
)
"""Typed text, and the completed values."""


def test_values_of_the_field_are_completed():
    for case in _VALUES_OFFERED.split(" ¦ "):
        typed, _, completed = case.partition(" ⇒")
        becomes = [value for value in completed[1:].split(" ; ") if value]
        begin = max(typed.rfind(":"), typed.rfind("|") if '"a|' not in typed else 0) + 1
        begin += typed.startswith("=", begin)
        assert offered(typed) == [typed[:begin] + value for value in becomes]


def test_text_after_the_cursor_is_ignored():
    assert complete_filter("department:s anna", 12, values_of).start == 11
    assert offered("dep_artment:x") == ["department:"]


def test_most_frequent_values_come_first_up_to_the_maximum():
    values = [f"x{number}" for number in range(200)]
    made = complete_filter("location:x", 10, lambda _: ["ax", *values])
    assert made == Completions(9, values[:MAX_COMPLETIONS])
    made = complete_filter("location:x", 10, lambda _: ["ax", *values[:3]])
    assert made.texts == ["x0", "x1", "x2", "ax"]


@given(st.lists(st.text(st.characters() | st.sampled_from('"\\|*=- ')), max_size=5))
def test_completed_value_is_the_value_searched(values):
    for typed in ("location:", "-location:", "anna location:x|", "location:="):
        start, texts = complete_filter(typed, len(typed), lambda _: values)
        assert len(texts) == len(values)
        for text, value in zip(texts, values, strict=True):
            term = parse_filter(typed[:start] + text)[-1]
            assert term.values[-1].text == value
            assert not term.values[-1].has_wildcard
            assert term.name is FILTER_FIELDS["location"]
