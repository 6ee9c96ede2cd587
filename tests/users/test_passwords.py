"""Hashing and recognition of passwords that are set with this program."""

import base64

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from qm_tui.users.fields import MAX_VALUE
from qm_tui.users.passwords import encrypt_password, has_local_password, password_error
from qm_tui.users.validation import validate_user
from tests.helpers import ANNA

WORD = "correct horse, battery å 陈"


def test_hash_verifies_only_its_password():
    made = encrypt_password(WORD)
    assert PasswordHasher().verify(made.password, WORD)
    with pytest.raises(VerifyMismatchError):
        PasswordHasher().verify(made.password, WORD.upper())


def test_hashes_have_random_salts_and_hide_the_password():
    first, second = encrypt_password(WORD), encrypt_password(WORD)
    assert first.salt != second.salt
    assert first.password != second.password
    assert WORD not in f"{first}{second}"
    for made in (first, second):
        assert len(base64.b64decode(made.salt + "==")) == 16
        assert f"${made.salt}$" in made.password


def test_user_with_own_password_is_valid_and_recognized():
    made = encrypt_password(WORD)
    one = ANNA._replace(password=made.password, salt=made.salt)
    assert validate_user(one) == []
    assert has_local_password(one)
    for password in ("x", " ", "a b", "ß", "陈", "x" * MAX_VALUE):
        assert password_error(password) == ""


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
def test_other_password_is_not_recognized_as_own(password, salt):
    assert not has_local_password(ANNA._replace(password=password, salt=salt))


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "empty"),
        ("a\tb", "unsupported character"),
        ("a\x1b[2J", "unsupported character"),
        ("a\u202eb", "unsupported character"),
        ("a\ud800", "unsupported character"),
        ("x" * (MAX_VALUE + 1), "maximum 4,096"),
    ],
    ids=ascii,
)
def test_invalid_password_is_rejected_without_showing_it(password, said):
    fault = password_error(password)
    assert said in fault
    assert not password or password not in fault
    with pytest.raises(ValueError, match="not a password"):
        encrypt_password(password)
