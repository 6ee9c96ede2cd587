"""User Names that look like the User Name of another user."""

import pytest

from qm_tui.store.look_alikes import look_alike_issue, may_look_alike
from qm_tui.users.identity import normalize_user_name
from qm_tui.users.issues import Severity
from tests.helpers import ANNA, EMPTY_STATE, state_of, user

CYRILLIC = "\u0430nna"
STATE = state_of(ANNA, user("jürgen"), user("bo", user_name="b\u043e"), user("cy", user_name="ｃy"))


@pytest.mark.parametrize(
    ("name", "other"),
    [
        (CYRILLIC, "'anna' of Anna Berg"),
        ("\u0410NNA", "'anna' of Anna Berg"),
        ("j\u00fcrg\u0435n", "'jürgen' of Jürgen Jürgensen"),
        ("bo", "'b\u043e' of Bo Bosen"),
        ("b\u03bf", "'b\u043e' of Bo Bosen"),  # Greek and Cyrillic
        ("\u0441y", "'ｃy' of Cy Cysen"),
        ("anna", ""),  # the same name, an error
        ("B\u041e", ""),
        ("ａnna", ""),
        ("\u0430nn", ""),
        ("anne", ""),
        ("jurgen", ""),
        ("\u0438\u0432\u0430\u043d", ""),
        ("", ""),
    ],
)
def test_name_that_looks_like_another_is_a_warning(name, other):
    new = user("new", user_name=name)
    issue = look_alike_issue(new, None, STATE)
    assert (issue is not None) is bool(other)
    if issue is not None:
        assert issue.message == f"User Name '{name}' looks like {other}"
        assert issue.severity is Severity.WARNING
    assert issue is None or may_look_alike([name], [normalize_user_name(name)], STATE)


def test_unchanged_name_is_no_warning():
    stored = user("zoe", user_name=CYRILLIC)
    state = state_of(ANNA, stored)
    assert look_alike_issue(stored._replace(location="Rome"), stored, state) is None
    assert look_alike_issue(stored._replace(user_name="\u0410nna"), stored, state) is None
    assert look_alike_issue(ANNA._replace(user_name="ANNA"), ANNA, state) is None


def test_user_does_not_look_like_itself():
    assert look_alike_issue(ANNA._replace(user_name=CYRILLIC), ANNA, STATE) is None


def test_names_of_a_new_state_are_used():
    new = user("new", user_name="anna")
    assert look_alike_issue(new, None, state_of(user("zoe", user_name=CYRILLIC))) is not None
    assert look_alike_issue(new, None, state_of(user("zoe"))) is None
    assert look_alike_issue(new, None, EMPTY_STATE) is None
    assert not may_look_alike(
        ["anna"], ["anna"], EMPTY_STATE
    )  # new names of one script need no check
