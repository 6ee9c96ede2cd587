"""Output of the command line: no secrets, and untrusted text only sanitized."""

import json
import unicodedata

import pytest

from tests.helpers import HEADER, commit, commit_unchecked, csv_text, user, write_file
from tests.program import listed, output, run

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
        NEW,
        NEW._replace(is_active="x", phone_ip="nowhere"),
        NEW._replace(password=NEW_PASSWORD + "\x07", salt=NEW_SALT + "\x1b"),
        NEW._replace(password=NEW_PASSWORD + "\n" + NEW_PASSWORD),
        NEW._replace(password=NEW_PASSWORD * 400, salt=NEW_SALT * 400),
        NEW._replace(password="=" + NEW_PASSWORD, salt="@" + NEW_SALT),
        NEW._replace(user_name="anna"),
        NEW._replace(user_id="u-unknown"),
        OLD._replace(password=NEW_PASSWORD, salt=""),
        OLD._replace(salt=NEW_SALT),
        OLD._replace(user_name="other", last_name="other", password=NEW_PASSWORD),
        (*NEW, NEW_PASSWORD),
        tuple(NEW)[:19],
    ],
    ids=range(13),
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


def test_other_output_contains_no_secret(home, store):
    commit(store, OLD, user("bo"))
    commit(store, OLD._replace(password=NEW_PASSWORD, salt=NEW_SALT))
    commit(store, delete=(OLD.user_id,))
    for line in (
        "list",
        "list --json",
        "info",
        "export out.csv",
        "activity",
        "activity --json",
        *(f"activity {number}{more}" for number in (1, 2, 3) for more in ("", " --json")),
        "undo 2 --dry-run",
        "undo 3 --dry-run --json",
        "recover new.json",
        "undo 3",
        "undo 2 --json",
    ):
        _assert_no_secret(_said(*line.split()))


def test_error_about_a_damaged_store_contains_no_secret(store):
    commit(store, OLD)
    for before, after in ((b'"0412"', b'["0412"]'), (b"[", b"{[")):
        store.write_bytes(store.read_bytes().replace(before, after))
        for line in ("list", "info", "export -"):
            _assert_no_secret(_said(*line.split()))


@pytest.mark.parametrize(
    "arguments",
    [
        ["set", f"password={PASSWORD}", "anna"],
        ["set", f"salt={SALT}", "anna"],
        ["add", "user-name=bo", f"password={PASSWORD}"],
        ["list", "--filter", f"password:{PASSWORD}"],
        ["list", "--filter", f"berg -salt:{SALT}"],
        ["export", "out.csv", "--filter", f"password:{PASSWORD}"],
        ["passwd", "anna", PASSWORD],
        ["set", "location=Oslo", "--filter", f"password:{PASSWORD}"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_password_argument_is_rejected_and_not_repeated(store, arguments):
    commit(store, user())
    assert run(*arguments).code == 2
    _assert_no_secret(_said(*arguments))


# Hostile text

HOSTILE = "\x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b31m\x00\x7f\r\x08\u202e\u2066\u200b\ufeff"


def _unsafe(text: str) -> set[str]:
    return {
        character
        for character in text
        if character != "\n" and unicodedata.category(character)[0] == "C"
    }


def test_list_sanitizes_hostile_text_in_the_store_and_json_escapes_it(store):
    hostile = user(first_name=f"A{HOSTILE}", user_name=HOSTILE, department="x\u202ey")
    commit_unchecked(store, hostile, user("bo", first_name="a\ud800b"))
    out = output("list")
    assert _unsafe(out) == set()
    assert len(out.splitlines()) == 3
    assert "␛" in out
    assert "U+D800" in out
    out = output("list", "--json")
    assert "Cc" not in {unicodedata.category(character) for character in _unsafe(out)}
    assert [one["first_name"] for one in listed()] == [f"A{HOSTILE}", "a\ud800b"]


def test_import_sanitizes_hostile_text_in_a_file(home, store):
    rows = [
        ["Column \x1b[2J\x9b\u202e\u200b", *HEADER],
        ["x", *user(first_name=HOSTILE, location="x\x1b[2Jy")],
        ["x", *user("bo", first_name="B\u202eo", last_name="\u200b", phone_ip="\u202e1")],
        ["x", *user("cy", user_name="ann\u0430\u200b", recording_service="\x9b2J")],
    ]
    file = write_file(home, csv_text(rows))
    for options in (["--dry-run", "--json"], ["--dry-run"], ["--json"], []):
        out = _said("import", *options, file)
        assert _unsafe(out) == set()
        assert "␛" in out
        assert "--json" not in options or json.loads(out)["rejected"]
