"""`--filter`, `--sort` and `--columns` of the command line, as a program."""

import json
import subprocess
import sys

import pytest

from tests.helpers import read, user
from tests.store.test_tinydb_store import commit
from tests.test_cli import command, home, qm_tui, store
from tests.test_cli_refusals import refusal

__all__ = ["home", "store"]

BO = user("bo", first_name="Bo", last_name="Berg", department="Sales Nord", extension="2")
CY = user("cy", first_name="Cy", last_name="Ågren", department="Support", extension="10")
DI = user("di", first_name="Di", last_name="Zorn", department="", extension="9", is_active="0")


@pytest.fixture
def users(home, store):
    commit(store, BO, CY, DI)


def listed(*arguments):
    """The first words of the lines below the header."""
    done = subprocess.run(command("list", *arguments), check=True, capture_output=True, timeout=30)
    found = [line.split()[0] for line in done.stdout.decode().splitlines()[1:]]
    assert done.stderr.decode() in ("", f"{len(found)} of 3 users\n")
    return found


@pytest.mark.usefixtures("users")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("department:sales", ["Bo"]),
        ("agren", ["Cy"]),
        ("active:no", ["Di"]),
        ('department:""', ["Di"]),
        ("-active:no", ["Bo", "Cy"]),
        ("changed:today", ["Bo", "Cy", "Di"]),
        ("extension:1*", ["Cy"]),
        ("zzz", []),
    ],
)
def test_only_users_for_whom_the_filter_holds_are_listed(text, found):
    assert listed("--filter", text) == found


@pytest.mark.usefixtures("users")
@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("extension", ["Bo", "Di", "Cy"]),
        ("-extension", ["Cy", "Di", "Bo"]),
        ("last-name", ["Cy", "Bo", "Di"]),
        ("last_name", ["Cy", "Bo", "Di"]),
        ("active,-extension", ["Di", "Cy", "Bo"]),
        ("Department Name", ["Bo", "Cy", "Di"]),
        ("license,-ext", ["Cy", "Di", "Bo"]),
    ],
)
def test_users_are_listed_in_the_order_that_is_asked_for(sort, found):
    assert listed("--sort", sort) == found


@pytest.mark.usefixtures("users")
def test_the_columns_that_are_named_are_printed():
    lines = qm_tui("list", "--columns", "extension,license,last-name").splitlines()
    assert lines[0].split() == ["Exten", "Lic", "Last", "Name"]
    assert lines[1].split() == ["2", "U", "C", "Berg"]


@pytest.mark.usefixtures("users")
def test_how_many_of_how_many_is_said_beside_the_list():
    arguments = command("list", "--json", "--filter", "active:yes", "--sort", "-extension")
    done = subprocess.run(arguments, check=True, capture_output=True, timeout=30)
    users = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["first_name"] for one in users] == ["Cy", "Bo"]
    assert done.stderr.decode() == "2 of 3 users\n"


@pytest.mark.usefixtures("users")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--filter", "active:maybe"), 'at character 8: active: is yes, no or "", not maybe'),
        (("--filter", "department:"), "department: needs a value after the colon"),
        (("--filter", '"open'), "A quote is opened and not closed"),
        (("--filter", "marked:yes"), "marked: is for the interface"),
        (("--filter", "password:x"), "never shown"),
        (("--filter", "nope:x"), "There is no field nope"),
        (("--filter", "import:last"), "Nothing was imported yet"),
        (("--filter", "\x1b]52;c;eA==\x07:x active:\x1bno"), "␛"),
        (("--sort", "nope"), "nope is no column. There are first-name, "),
        (("--sort", "password"), "password is no column"),
        (("--columns", "salt"), "salt is no column"),
        (("--columns", "user"), "user may mean several columns"),
        (("--json", "--columns", "user-name"), "--json prints all fields"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(arguments, words):
    sentence = refusal("list", *arguments)
    assert words in sentence
    assert "\x1b" not in sentence


@pytest.mark.usefixtures("users")
def test_only_users_for_whom_the_filter_holds_are_exported(home):
    said = qm_tui("export", "out.csv", "--filter", "active:yes", "--sort", "-extension")
    assert said.startswith("Export complete. 2 users written to out.csv")
    records, _ = read(home / "out.csv")
    assert [one.values for one in records] == [list(CY), list(BO)]


@pytest.mark.usefixtures("users")
def test_where_no_user_is_as_the_filter_asks_no_file_is_written(home):
    sentence = refusal("export", "out.csv", "--filter", "zzz")
    assert sentence == "Nothing was exported: no user is as the filter asks.\n"
    assert not (home / "out.csv").exists()
    assert "leave out --filter" in refusal("export", "out.csv", "--template", "--filter", "x")


@pytest.mark.usefixtures("users")
def test_the_users_of_the_last_import_are_listed(home):
    qm_tui("export", "out.csv", "--filter", "bo|cy")
    text = (home / "out.csv").read_text().replace("Support", "Service")
    (home / "out.csv").write_text(text)
    qm_tui("import", "out.csv")
    assert listed("--filter", "import:last") == ["Cy"]
    assert listed("--filter", "import:last", "--read-only") == ["Cy"]


@pytest.mark.usefixtures("users")
def test_whoever_has_seen_enough_of_the_list_may_close_it():
    process = subprocess.Popen(
        command("list", "--filter", "a|b|c|d"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    _, said = process.communicate(timeout=30)
    assert process.returncode in (0, 141)
    assert b"Traceback" not in said


def test_the_start_of_other_commands_does_not_import_the_finding_of_users():
    code = (
        "import sys\n"
        "import qm_tui.cli.program\n"
        "assert not [one for one in sys.modules if one.startswith('qm_tui.users')]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
