"""Errors of the command line: one line on standard error, status 2, and no changes."""

import pytest

from tests.helpers import ANNA, HEADER, commit, csv_text, files_of, users_file, write_file
from tests.program import output, refusal


def test_users_file_with_invalid_content_is_not_imported(home, store):
    for name, content, says in (
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(100), "picture"),
        ("header.csv", csv_text([HEADER]), "contains only a header"),
    ):
        for options in ([], ["--json"]):
            assert says in refusal("import", *options, write_file(home, content, name))
    assert not store.parent.exists()


def test_usage_error_is_one_line(home, store):
    for line, says in {
        "list --nonsense": "--nonsense",
        "nonsense": "nonsense",
        "evil\x1b[2J": "evil",
        "export": "FILE",
        "import a.csv b.csv": "b.csv",
        "import --unknown-id maybe a.csv": "maybe",
        "list --store": "--store",
        "activity 0": "'0' is not a transaction number",
        "undo x\x1b[2J": "is not a transaction number",
        "undo 1 --confirm -1": "'-1' is not a number of users",
        "config": "Missing argument 'ACTION'. Choose from: show, check. Try qm-tui --help.\n",
        "list --debug": "--debug must come before the command: qm-tui --debug list.\n",
        "": "terminal",
    }.items():
        assert says in refusal(*line.split(" ")) if line else refusal()
    assert not store.parent.exists()


def test_damaged_store_is_an_error_and_not_changed(home, store):
    users_file(home, ANNA)
    store.parent.mkdir()
    for content in ("not JSON", '{"users": {"1": {"user_name": "x"}}}'):
        store.write_text(content)
        for line in ("list --json", "export -", "import users.csv", "activity", "undo 1"):
            assert str(store) in refusal(*line.split())
        assert store.read_text() == content


@pytest.mark.parametrize("path", ["", "~nobody-of-this-name/u.json", "gone/users.json"])
def test_store_path_that_cannot_be_resolved_is_an_error(home, monkeypatch, path):
    if path.startswith("gone"):
        (home / "gone").mkdir()
        monkeypatch.chdir(home / "gone")
        (home / "gone").rmdir()
    refusal("list", "--store", path)


def test_commands_that_change_users_create_no_store(home, store):
    for line in (
        "set a location=x",
        "delete a",
        "passwd a",
        "add location=x",
        "undo 1",
        "check",
        "backup store.tar",
    ):
        assert "There is no store" in refusal(*line.split())
    assert output("activity") == ""
    assert output("activity", "--json") == "[]\n"
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("place", ["before", "after"])
def test_read_only_changes_nothing(home, store, place):
    def at(command: str, *rest: object) -> tuple[object, ...]:
        option = "--read-only"
        return (option, command, *rest) if place == "before" else (command, option, *rest)

    commit(store, ANNA)
    commit(store, ANNA._replace(location="Bergen"))
    file = users_file(home, ANNA._replace(location="Rome"))
    before = files_of(store)
    for looks in (
        ["list"],
        ["activity", 1],
        ["export", "-", "--for-excel"],
        ["undo", 2, "--dry-run"],
    ):
        output(*at(*map(str, looks)))
    assert "1 changed" in output(*at("import", file, "--dry-run"))
    for changes in (["import", file], ["undo", 2]):
        assert "open read-only" in refusal(*at(*map(str, changes)))
    assert "open read-only" in output(*at("info"))
    assert files_of(store) == before
