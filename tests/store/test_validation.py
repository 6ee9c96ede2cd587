"""Validation of changes: many users give the same result as each user separately."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qm_tui.progress import ignore_progress
from qm_tui.store.validation import (
    DEFAULT_OPTIONS,
    ValidationOptions,
    validate_change,
    validate_changes,
)
from qm_tui.users.fields import MAX_VALUE, User
from qm_tui.users.screening import invalid_stored_rows
from qm_tui.users.validation import stored_user_issues
from tests.helpers import ANNA, state_of, user, users_of

BO, CY = user("bo"), user("cy")
NONE = {"unlimited_license": "0", "on_demand_license": "0"}

_VALUES = {
    "last_name": ("Berg", "", "a\tb", "\ud800", "x" * (MAX_VALUE + 1)),
    "phone_ip": ("", "10.0.0.1", "nonsense", "::1"),
    "is_active": ("1", "0", "x", ""),
    "recording_service": ("Any", "a b", ""),
    "unlimited_license": ("1", "0", "2"),
    "on_demand_license": ("1", "0"),
    "computer_recording_license": ("1", "0", "", "yes"),
    "windows_login": ("", "CORP\\x", "x"),
    "sip_uri": ("", "sip:a@b", "a@b"),
    "password": ("ENC", ""),
    "location": ("Oslo", "", "a\nb"),
    "secondary_phone_ip": ("", "x"),
}
_KEYS = sorted(_VALUES)


@st.composite
def _users(draw: st.DrawFn, name: str) -> User:
    keys = draw(st.sets(st.sampled_from(_KEYS), max_size=3))
    return user(name, **{key: draw(st.sampled_from(_VALUES[key])) for key in sorted(keys)})


@st.composite
def _cases(draw: st.DrawFn) -> tuple[list[User], dict[str, User | None], ValidationOptions]:
    stored: list[User] = []
    changes: dict[str, User | None] = {}
    before: dict[str, User] = {}
    for name in ("ada", "bob", "cid", "dan", "eve", "fay"):
        if draw(st.booleans()):
            stored.append(draw(_users(name)))
        if draw(st.booleans()):
            changes[f"u-{name}"] = draw(_users(name))
        if draw(st.booleans()):
            before[f"u-{name}"] = draw(_users(name))
    return stored, changes, ValidationOptions(draw(st.booleans()), before)


@given(_cases())
def test_validation_of_many_equals_validation_of_each(case):
    stored, changes, terms = case
    state = state_of(*stored)
    slow = {
        user_id: found
        for user_id, one in changes.items()
        if one is not None and (found := validate_change(one, users_of(state).get(user_id), terms))
    }
    assert validate_changes(changes, state, ignore_progress, terms) == slow


@pytest.mark.parametrize(
    ("changes", "field_issues"),
    [
        ({"u-bo": BO._replace(user_name="ANNA")}, ["u-bo"]),
        ({"u-bo": BO._replace(user_name="cy"), "u-cy": CY._replace(user_name="bo")}, []),
        ({"u-bo": BO._replace(user_name="new"), "u-cy": CY._replace(user_name="New")}, ["u-cy"]),
        ({"u-bo": None, "u-cy": CY._replace(user_name="bo")}, []),
        (
            {"u-bo": BO._replace(user_name="cy"), "u-cy": CY._replace(user_name="")},
            ["u-cy", "u-bo"],
        ),
        ({"u-bo": BO._replace(user_name="cy"), "u-cy": CY}, ["u-bo"]),
        ({"u-x": user("x"), "u-y": user("y", user_name="X")}, ["u-y"]),
    ],
    ids=[
        "taken",
        "swapped",
        "claimed twice",
        "left by a deleted user",
        "kept by a user at fault",
        "kept",
        "two new users",
    ],
)
def test_user_names_are_validated_on_the_resulting_store(changes, field_issues):
    found = validate_changes(changes, state_of(ANNA, BO, CY))
    assert [*found] == field_issues
    for faults in found.values():
        assert [one.field.key for one in faults if one.field] == ["user_name"]
        assert "line" not in f"{faults[0].message}{faults[0].fix}"


@pytest.mark.parametrize(
    ("stored", "changed", "terms", "fields"),
    [
        (ANNA, ANNA._replace(**NONE), DEFAULT_OPTIONS, ["on_demand_license"]),
        (ANNA, ANNA._replace(**NONE), ValidationOptions(allow_unlicensed=True), []),
        (ANNA._replace(**NONE), ANNA._replace(**NONE, location="X"), DEFAULT_OPTIONS, []),
        (
            ANNA,
            ANNA._replace(**NONE),
            ValidationOptions(previously_stored={ANNA.user_id: ANNA._replace(**NONE)}),
            [],
        ),
        (
            None,
            ANNA._replace(phone_ip="x"),
            ValidationOptions(previously_stored={ANNA.user_id: ANNA._replace(phone_ip="x")}),
            [],
        ),
        (
            ANNA._replace(phone_ip="x", location="a\tb"),
            ANNA._replace(phone_ip="x", location="a\tb", agent_id="\n"),
            DEFAULT_OPTIONS,
            ["agent_id"],
        ),
        (
            ANNA._replace(last_name=""),
            ANNA._replace(last_name="", location="X"),
            DEFAULT_OPTIONS,
            ["last_name"],
        ),
    ],
)
def test_stored_invalid_value_is_no_error_of_a_change(stored, changed, terms, fields):
    state = state_of(*([stored] if stored else []))
    found = validate_changes({ANNA.user_id: changed}, state, ignore_progress, terms)
    assert [one.field.key for one in found.get(ANNA.user_id, []) if one.field] == fields


@pytest.mark.parametrize("character", ["\u200b", "\u3164"])
@pytest.mark.parametrize("key", ["user_name", "phone_ip"])
def test_invisible_character_is_an_error_only_in_a_new_value(key, character):
    changed = ANNA._replace(**{key: f"1{character}2"})
    for stored in ([], [ANNA]):
        found = validate_changes({ANNA.user_id: changed}, state_of(*stored))
        assert [one.field.key for one in found[ANNA.user_id] if one.field] == [key]
    other = {ANNA.user_id: changed._replace(location="X")}
    assert validate_changes(other, state_of(changed)) == {}
    assert key in [one.field.key for one in stored_user_issues(changed) if one.field]
    assert invalid_stored_rows([ANNA, changed]) == {1}
