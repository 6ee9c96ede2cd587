"""Output of the command line: no secrets."""

import pytest

from tests.helpers import HEADER, commit, csv_text, user, write_file
from tests.program import run

PASSWORD, SALT = "Zq7-Geheim-Wort", "Kx9-Meersalz-Korn"
NEW_PASSWORD, NEW_SALT = "Wj4-Neues-Wort", "Vb3-Steinsalz-Korn"
PARTS = ("Geheim", "Meersalz", "Neues-Wort", "Steinsalz")
OLD = user(password=PASSWORD, salt=SALT)
NEW = user("bo", user_id="", password=NEW_PASSWORD, salt=NEW_SALT)


def _said(*arguments: object) -> str:
    done = run(*arguments)
    return done.out + done.err


def _assert_no_secret(said: str) -> None:
    assert said
    assert not [part for part in PARTS if part.casefold() in said.casefold()]


def _assert_import_shows_no_secret(file) -> None:
    _assert_no_secret(_said("import", "--dry-run", "--json", file))
    _assert_no_secret(_said("import", file))


@pytest.mark.parametrize(
    "row",
    [
        NEW._replace(is_active="x", phone_ip="nowhere"),
        NEW._replace(password=NEW_PASSWORD + "\x07", salt=NEW_SALT + "\x1b"),
        NEW._replace(password=NEW_PASSWORD + "\n" + NEW_PASSWORD),
        NEW._replace(password=NEW_PASSWORD * 400, salt=NEW_SALT * 400),
        NEW._replace(password="=" + NEW_PASSWORD, salt="@" + NEW_SALT),
        NEW._replace(user_name="anna"),
        OLD._replace(password=NEW_PASSWORD, salt=""),
        OLD._replace(salt=NEW_SALT),
        OLD._replace(user_name="other", last_name="other", password=NEW_PASSWORD),
        (*NEW, NEW_PASSWORD),
        tuple(NEW)[:19],
    ],
    ids=range(11),
)
def test_import_output_contains_no_secret(home, store, row):
    commit(store, OLD)
    _assert_import_shows_no_secret(write_file(home, csv_text([HEADER, row])))


_ROW = csv_text([NEW]).strip()


@pytest.mark.parametrize(
    "text",
    [
        _ROW.replace(NEW_PASSWORD, f'"{NEW_PASSWORD}'),
        _ROW.replace(NEW_PASSWORD, f'"{NEW_PASSWORD}"x'),
        _ROW.replace(NEW_PASSWORD, f"{NEW_PASSWORD}\x00"),
        _ROW.replace(NEW_PASSWORD, f"{NEW_PASSWORD}\udcff"),
        _ROW.replace(NEW_SALT, f'"{NEW_SALT}\n'),
        _ROW.replace(NEW_PASSWORD, f"Ä{NEW_PASSWORD}ö"),
    ],
    ids=["unclosed", "after a quote", "NUL", "no UTF-8", "unclosed salt", "Windows-1252"],
)
def test_unreadable_record_shows_no_secret(home, store, text):
    for whole in (f"{csv_text([HEADER])}{text}\r\n", f"{_ROW}\r\n{text}\r\n"):
        encoding = "cp1252" if "Ä" in whole else "utf-8"
        file = write_file(home, whole.encode(encoding, errors="surrogateescape"))
        _assert_import_shows_no_secret(file)


def test_error_about_a_damaged_store_contains_no_secret(store):
    commit(store, OLD)
    for before, after in ((b'"0412"', b'["0412"]'), (b"[", b"{[")):
        store.write_bytes(store.read_bytes().replace(before, after))
        for line in ("list", "info", "export -"):
            _assert_no_secret(_said(*line.split()))


def test_password_argument_is_rejected_and_not_repeated(store):
    commit(store, user())
    for arguments in (
        ["set", f"password={PASSWORD}", "anna"],
        ["set", f"salt={SALT}", "anna"],
        ["add", "user-name=bo", f"password={PASSWORD}"],
        ["list", "--filter", f"berg -salt:{SALT}"],
        ["export", "out.csv", "--filter", f"password:{PASSWORD}"],
        ["passwd", "anna", PASSWORD],
        ["set", "location=Oslo", "--filter", f"password:{PASSWORD}"],
    ):
        done = run(*arguments)
        assert done.code == 2
        _assert_no_secret(done.out + done.err)
