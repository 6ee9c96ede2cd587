"""Passwords that are set here: unreadable, each with a salt of its own, and known again."""

import base64

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from qm_tui.users.fields import MAX_VALUE
from qm_tui.users.passwords import encrypted, is_own, password_fault
from qm_tui.users.validation import faults_of
from tests.helpers import ANNA

WORD = "correct horse, battery å 陈"


def test_a_password_is_verified_by_any_argon2_and_no_other_is():
    made = encrypted(WORD)
    assert PasswordHasher().verify(made.password, WORD)
    with pytest.raises(VerifyMismatchError):
        PasswordHasher().verify(made.password, WORD.upper())


def test_each_has_a_salt_of_its_own_and_shows_nothing_of_the_password():
    first, second = encrypted(WORD), encrypted(WORD)
    assert first.salt != second.salt
    assert first.password != second.password
    assert WORD not in f"{first}{second}"
    for made in (first, second):
        assert len(base64.b64decode(made.salt + "==")) == 16
        assert f"${made.salt}$" in made.password


def test_a_user_keeps_the_rules_with_it_and_is_known_again():
    made = encrypted(WORD)
    one = ANNA._replace(password=made.password, salt=made.salt)
    assert faults_of(one) == []
    assert is_own(one)


@pytest.mark.parametrize(
    ("password", "salt"),
    [
        ("ENC", "SALT"),
        ("", ""),
        ("$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA", "SALT"),
        ("$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA", ""),
        ("$argon2id$", "x"),
        ("$argon2id$$$$", ""),
    ],
)
def test_another_password_is_not_taken_for_one(password, salt):
    assert not is_own(ANNA._replace(password=password, salt=salt))


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "empty"),
        ("a\tb", "cannot be typed"),
        ("a\x1b[2J", "cannot be typed"),
        ("a\u202eb", "cannot be typed"),
        ("a\ud800", "cannot be typed"),
        ("x" * (MAX_VALUE + 1), "4,096 at most"),
    ],
    ids=ascii,
)
def test_what_is_no_password_is_said_without_it(password, said):
    fault = password_fault(password)
    assert said in fault
    assert not password or password not in fault
    with pytest.raises(ValueError, match="not a password"):
        encrypted(password)


@pytest.mark.parametrize("password", ["x", " ", "a b", "ß", "陈", "x" * MAX_VALUE])
def test_anything_that_can_be_typed_is_a_password(password):
    assert password_fault(password) == ""
