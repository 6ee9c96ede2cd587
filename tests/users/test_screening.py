"""Screening finds every user that the rules, applied one by one, have an issue with."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from qm_tui.store.state import State
from qm_tui.store.values_in_use import values_in_use
from qm_tui.transfer.options.import_options import ImportOptions
from qm_tui.transfer.planning.new_users import NewUserFactory
from qm_tui.transfer.planning.stored_users import StoredUsers
from qm_tui.transfer.planning.warnings import ImportWarnings
from qm_tui.unicode_tables import IGNORABLE_RANGES
from qm_tui.users.fields import FIELD, FIELDS, MAX_VALUE, User
from qm_tui.users.issues import Issue
from qm_tui.users.screening import Screening, error_screening
from qm_tui.users.validation import validate_user, value_errors
from tests.helpers import ANNA, state_of, user

_STATE = state_of(ANNA, user("bo", department="Support"))
_PLAIN = {
    "first_name": ("Anna", "Jürgen", "O'Neil", "李"),
    "extension": ("0412", "17", "A1"),
    "user_name": ("anna", "a.berg@x.org", "0412"),
    "user_id": ("", "u7"),
    "agent_id": ("", "0815", "A9"),
    "password": ("x", "AZ+/=", "12E5", "$a$9", "0"),
    "salt": ("", "12e5", "00ff", "1.0", "1E-5"),
    "phone_ip": ("", "10.0.0.1", "fd00::1:2", "::1", "00:1B:54:6B:A7:24", "001b.54bd.fd92"),
    "sip_uri": ("", "sip:anna@x.org", "sip:0412@[::1]", "sip:bo@x.org", "sip:anna@1.2.3"),
    "windows_login": ("", "CORP\\anna"),
    "additional_extensions": ("", "0413", "0413,0414", "1", "17,1.0"),
    "department": ("", "Sales", "Support", "New", "17"),
    "recording_profile": ("", "Full", "=1"),
    "recording_service": ("Any", "10.0.0.1", "rec-1", ""),
    **dict.fromkeys(("unlimited_license", "on_demand_license", "is_active"), ("0", "1", "")),
    **dict.fromkeys(("computer_recording_license", "dual_endpoints_enabled"), ("", "0", "1", "x")),
    "secondary_phone_ip": ("", "10.0.0.1"),
}
_ODD = st.sampled_from((*"=+-@\t#'\n,.;:E01 \"\\?%", "\x00", "\u200b", "\u3164", "\xa0", "Err:502"))


@st.composite
def _users(draw: st.DrawFn) -> User:
    """A user with usual values in some fields, some of them with an odd character."""
    values = {}
    for key in draw(st.sets(st.sampled_from(sorted(_PLAIN)), max_size=4)):
        value = draw(st.sampled_from(_PLAIN[key]))
        if draw(st.booleans()):
            at = draw(st.integers(0, len(value)))
            value = value[:at] + draw(_ODD) + value[at:]
        values[key] = value
    return ANNA._replace(**{"user_id": "", **values})


def _issues(one: User, state: State) -> list[Issue]:
    """Return all problems of a new user, by the rules for one user."""
    issues: list[Issue] = []
    factory = NewUserFactory(StoredUsers(state), ImportOptions(), lambda _: False, gives_ids=False)
    factory.validated([*one], issues)
    in_use = values_in_use(state)
    return issues + ImportWarnings(state, in_use).of_values(one, None)


@given(st.lists(_users(), min_size=1, max_size=6))
def test_no_user_with_an_issue_is_missed(users: Sequence[User]):
    columns = list(zip(*users, strict=True))
    found = Screening(lambda one: _issues(one, _STATE)).rows_to_check(columns)
    assert found >= {row for row, one in enumerate(users) if _issues(one, _STATE)}
    invalid = {row for row, one in enumerate(users) if _errors(one)}
    assert error_screening(allow_unlicensed=False).rows_to_check(columns) >= invalid


def _errors(one: User) -> list[Issue]:
    characters = [issue for at in FIELDS for issue in value_errors(at, one[at.index])]
    return validate_user(one) + characters


def test_no_invisible_character_or_overlong_value_is_missed():
    odd = [chr(code) for first, last in IGNORABLE_RANGES for code in {first, last}]
    screening = error_screening(allow_unlicensed=False)
    for key in ("first_name", "password", "agent_id"):
        users = [ANNA._replace(**{key: f"a{value}b"}) for value in (*odd, "x" * MAX_VALUE)]
        rows = screening.rows_to_check(list(zip(*users, strict=True)), [FIELD[key].index])
        assert rows == set(range(len(users)))


def test_usual_users_need_no_check():
    users = [
        ANNA,
        ANNA._replace(first_name="Jürgen", last_name="Nguyễn", phone_ip="fd00::1:2"),
        ANNA._replace(user_name="bo", sip_uri="sip:bo@x.org", extension="17"),
    ]
    screening = error_screening(allow_unlicensed=False)
    assert screening.rows_to_check(list(zip(*users, strict=True))) == set()
