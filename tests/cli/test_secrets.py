"""Output of the command line: no secrets, and untrusted text only sanitized."""

import json
import subprocess
import sys
import unicodedata

import pytest

from tests.cli.test_program import command, home, qm_tui, store, users_file
from tests.helpers import HEADER, commit, commit_unchecked, csv_text, user, write_file

__all__ = ["home", "store"]

PASSWORD, SALT = "Zq7-Geheim-Wort", "Kx9-Meersalz-Korn"
NEW_PASSWORD, NEW_SALT = "Wj4-Neues-Wort", "Vb3-Steinsalz-Korn"
PARTS = ("Geheim", "Meersalz", "Neues-Wort", "Steinsalz")


def _said(*arguments: object) -> str:
    done = subprocess.run(command(*arguments), check=False, capture_output=True, timeout=30)
    return (done.stdout + done.stderr).decode()


def _assert_no_secret(said: str) -> None:
    assert said
    assert not [part for part in PARTS if part.casefold() in said.casefold()]


OLD = user(password=PASSWORD, salt=SALT)
NEW = user("bo", user_id="", password=NEW_PASSWORD, salt=NEW_SALT)


@pytest.mark.parametrize(
    "row",
    [
        NEW,
        NEW._replace(is_active="x", phone_ip="nowhere"),
        NEW._replace(password=NEW_PASSWORD + "\x07", salt=NEW_SALT + "\x1b"),
        NEW._replace(password=NEW_PASSWORD + "\n" + NEW_PASSWORD),
        NEW._replace(password=NEW_PASSWORD * 400, salt=NEW_SALT * 400),
        NEW._replace(password="=" + NEW_PASSWORD, salt="@" + NEW_SALT),
        NEW._replace(password='="' + NEW_PASSWORD + '"'),
        NEW._replace(user_name="anna"),
        NEW._replace(user_id="u-unknown"),
        OLD._replace(password=NEW_PASSWORD),
        OLD._replace(password=NEW_PASSWORD, salt=""),
        OLD._replace(salt=NEW_SALT),
        OLD._replace(salt=""),
        OLD._replace(password="", salt=NEW_SALT),
        OLD._replace(user_name="other", last_name="other", password=NEW_PASSWORD),
        (*NEW, NEW_PASSWORD),
        tuple(NEW)[:19],
    ],
    ids=range(17),
)
def test_import_output_contains_no_secret(home, store, row):
    commit(store, OLD)
    file = write_file(home, csv_text([HEADER, row]))
    _assert_no_secret(_said("import", "--dry-run", "--json", file))
    _assert_no_secret(_said("import", file))


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
@pytest.mark.parametrize("header", [True, False])
def test_unreadable_record_shows_no_secret(home, store, text, header):
    whole = f"{csv_text([HEADER])}{text}\r\n" if header else f"{_ROW}\r\n{text}\r\n"
    encoding = "cp1252" if "Ä" in whole else "utf-8"
    file = write_file(home, whole.encode(encoding, errors="surrogateescape"))
    _assert_no_secret(_said("import", "--dry-run", "--json", file))
    _assert_no_secret(_said("import", file))


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["list", "--json"],
        ["info"],
        ["export", "out.csv"],
        ["--help"],
        ["activity"],
        ["activity", "--json"],
        *[["activity", number, *more] for number in (1, 2, 3) for more in ([], ["--json"])],
        ["undo", 2, "--dry-run"],
        ["undo", 3, "--dry-run", "--json"],
        ["undo", 3],
        ["undo", 2, "--json"],
        ["recover", "new.json"],
    ],
    ids=str,
)
def test_other_output_contains_no_secret(home, store, arguments):
    commit(store, OLD, user("bo"))
    commit(store, OLD._replace(password=NEW_PASSWORD, salt=NEW_SALT))
    commit(store, delete=(OLD.user_id,))
    _assert_no_secret(_said(*arguments))


@pytest.mark.parametrize("arguments", [["list"], ["info"], ["export", "-"]], ids=str)
def test_error_about_a_damaged_store_contains_no_secret(store, arguments):
    commit(store, OLD)
    store.write_bytes(store.read_bytes().replace(b'"0412"', b'["0412"]'))
    _assert_no_secret(_said(*arguments))
    store.write_bytes(store.read_bytes().replace(b"[", b"{["))
    _assert_no_secret(_said(*arguments))


# Hostile text

HOSTILE = "\x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b31m\x00\x7f\r\x08\u202e\u2066\u200b\ufeff"


def _unsafe(text: str) -> set[str]:
    return {
        character
        for character in text
        if character != "\n" and unicodedata.category(character)[0] == "C"
    }


def test_list_sanitizes_hostile_text_in_the_store(store):
    commit_unchecked(
        store, user(first_name=f"A{HOSTILE}", user_name=HOSTILE, department="x\u202ey")
    )
    out = qm_tui("list")
    assert _unsafe(out) == set()
    assert len(out.splitlines()) == 2
    assert "␛" in out


def test_json_escapes_hostile_text_in_the_store(store):
    commit_unchecked(store, user(first_name=HOSTILE))
    out = qm_tui("list", "--json")
    assert {character for character in _unsafe(out) if unicodedata.category(character) == "Cc"} == (
        set()
    )
    assert json.loads(out)["first_name"] == HOSTILE


def test_list_shows_surrogates_in_the_store(store):
    commit_unchecked(store, user(first_name="a\ud800b"), user("bo"))
    assert "U+D800" in qm_tui("list")
    lines = qm_tui("list", "--json").splitlines()
    assert [json.loads(line)["user_name"] for line in lines] == ["anna", "bo"]


@pytest.mark.parametrize("options", [["--json"], []], ids=str)
def test_import_sanitizes_hostile_text_in_a_file(home, store, options):
    rows = [
        ["Column \x1b[2J\x9b\u202e\u200b", *HEADER],
        ["x", *user(first_name=HOSTILE, location="x\x1b[2Jy")],
        ["x", *user("bo", first_name="B\u202eo", last_name="\u200b", phone_ip="\u202e1")],
        ["x", *user("cy", user_name="ann\u0430\u200b", recording_service="\x9b2J")],
    ]
    for arguments in (["--dry-run"], []):
        out = _said("import", *arguments, *options, write_file(home, csv_text(rows)))
        assert _unsafe(out) == set()
        assert "␛" in out


def test_info_sanitizes_the_path_of_the_store(home):
    out = qm_tui("info", "--store", "evil\x1b[2J\u202e.json")
    assert _unsafe(out) == set()


def test_commands_do_not_import_the_terminal_ui(home, store):
    users_file(home, user())
    script = (
        "import os, sys\nfrom qm_tui.cli import main\n"
        "os._exit = sys.exit\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "assert not [name for name in sys.modules if name.split('.')[0] == 'textual']\n"
        "print('done', file=sys.stderr)"
    )
    for arguments in (
        ["import", "users.csv"],
        ["list"],
        ["info"],
        ["activity", "1"],
        ["export", "-", "--for-excel"],
        ["recover", "new.json"],
        ["--version"],
    ):
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments], check=True, capture_output=True, timeout=30
        )
        assert done.stderr == b"done\n"


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
    done = subprocess.run(command(*arguments), check=False, capture_output=True, timeout=30)
    assert done.returncode == 2
    _assert_no_secret((done.stdout + done.stderr).decode())
