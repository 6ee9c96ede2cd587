"""`--filter`, `--sort` and `--columns` of the command line, as a program."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_program import as_it_is, command, home, qm_tui, store
from tests.cli.test_refusals import refusal
from tests.helpers import commit, read, user

__all__ = ["home", "store"]

BO = user("bo", first_name="Bo", last_name="Berg", department="Sales Nord", extension="2")
CY = user("cy", first_name="Cy", last_name="Ågren", department="Support", extension="10")
DI = user("di", first_name="Di", last_name="Zorn", department="", extension="9", is_active="0")


@pytest.fixture
def users(home: Path, store: Path) -> None:
    commit(store, BO, CY, DI)


def streams(*arguments: str) -> tuple[bytes, str]:
    """What the program printed, and what it said on standard error."""
    done = subprocess.run(command(*arguments), check=True, capture_output=True, timeout=30)
    return done.stdout, done.stderr.decode()


def listed(*arguments: str) -> list[str]:
    """The first words of the lines below the header."""
    out, errors = streams("list", *arguments)
    found = [line.split()[0] for line in out.decode().splitlines()[1:]]
    assert errors == (f"{len(found)} of 3 users\n" if "--filter" in arguments else "")
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
        ("duplicate:agent-id -cy", ["Bo", "Di"]),
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
    lines = qm_tui("list", "--columns", "extension,license, Last Name").splitlines()
    assert lines[0].split() == ["Exten", "Lic", "Last", "Name"]
    assert lines[1].split() == ["2", "U", "C", "Berg"]


@pytest.mark.usefixtures("users")
@pytest.mark.parametrize(
    ("text", "found", "said"),
    [
        ("active:yes", ["Cy", "Bo"], "2 of 3 users\n"),
        ("zzz", [], "0 of 3 users\n"),
    ],
)
def test_how_many_of_how_many_is_said_beside_the_list(text, found, said):
    out, errors = streams("list", "--json", "--filter", text, "--sort", "-extension")
    assert [json.loads(line)["first_name"] for line in out.splitlines()] == found
    assert errors == said


@pytest.mark.usefixtures("users")
def test_of_a_list_of_all_nothing_is_said_beside_it():
    assert streams("list", "--sort", "extension")[1] == ""


@pytest.mark.usefixtures("store")
def test_a_store_that_is_not_there_has_nobody_for_a_filter(store):
    out, errors = streams("list", "--json", "--filter", "changed:7d berg")
    assert (out, errors) == (b"", f"There is no store at {store} yet.\n0 of 0 users\n")


@pytest.mark.usefixtures("users")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--filter", "active:maybe"), "In the filter active:maybe, at character 8: active: is "),
        (("--filter", "bo department:"), "at character 4: department: needs a value after"),
        (("--filter", '"open'), "A quote is opened and not closed"),
        (("--filter", "bo -marked:yes"), "at character 12: marked: is for the interface"),
        (("--filter", "password:x"), "never shown"),
        (("--filter", "nope:x"), "There is no field nope"),
        (("--filter", "import:last"), "Nothing was imported yet"),
        (("--filter", "import:1"), "Transaction 1 is no import"),
        (("--filter", "x" * 1001), "longer than 1,000 characters"),
        (("--filter", ""), "The filter is empty"),
        (("--filter", " \t"), "The filter is empty"),
        (("--filter", "\x1b]52;c;eA==\x07 active:\x1bno"), "␛]52;c;eA==␇ active:␛no"),
        (("--filter", "active:\u202eon"), "‹U+202E›"),
        (("--filter", "active:\udcff"), "active: is yes"),
        (("--filter", "active:yes", "--sort", "nope"), "nope is no column. There are first-name, "),
        (("--sort", "nope\x1b[2J"), "nope␛[2J is no column"),
        (("--sort", "changed"), "changed is no column"),
        (("--sort", "Password"), "Password is never shown"),
        (("--sort", ""), "--sort names no column"),
        (("--sort", "-,"), "--sort names no column"),
        (("--columns", "user-name,salt"), "Salt Value is never shown"),
        (("--columns", "user"), "user may mean user-id or user-name. Write more of it."),
        (("--columns", ","), "--columns names no column"),
        (("--json", "--columns", "user-name"), "--json prints all fields"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_in_one_sentence(arguments, words):
    sentence = refusal("list", *arguments)
    assert words in sentence
    assert sentence.rstrip("\n").isprintable()


@pytest.mark.usefixtures("users")
def test_only_users_for_whom_the_filter_holds_are_exported(home):
    said = qm_tui("export", "out.csv", "--filter", "active:yes", "--sort", "-extension")
    assert said == "Export complete. 2 of 3 users written to out.csv\n"
    records, _ = read(home / "out.csv")
    assert [one.values for one in records] == [list(CY), list(BO)]


@pytest.mark.usefixtures("users")
def test_an_export_that_is_only_sorted_is_one_of_all(home):
    said = qm_tui("export", "out.csv", "--sort", "extension")
    assert said == "Export complete. 3 users written to out.csv\n"
    records, _ = read(home / "out.csv")
    assert [one.values for one in records] == [list(BO), list(DI), list(CY)]


@pytest.mark.usefixtures("users")
def test_to_standard_output_goes_the_file_alone_and_how_many_beside_it(home):
    out, errors = streams("export", "-", "--filter", "bo", "--no-passwords")
    assert errors.splitlines()[0] == "Export complete. 1 of 3 users written"
    assert errors.splitlines()[1].startswith("Without passwords")
    qm_tui("export", "out.csv", "--filter", "bo", "--no-passwords")
    assert out == (home / "out.csv").read_bytes()


@pytest.mark.usefixtures("users")
@pytest.mark.parametrize("name", ["out.csv", "-"])
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("zz\x1bz", "Nothing was exported: --filter zz␛z finds none of 3 users."),
        ("active:maybe", "at character 8"),
        ("", "The filter is empty. Leave out --filter if you mean all users."),
    ],
)
def test_a_filter_that_finds_nobody_does_not_replace_a_good_export(home, name, text, words):
    (home / "out.csv").write_text("precious")
    assert words in refusal("export", name, "--force", "--filter", text)
    assert (home / "out.csv").read_text() == "precious"


@pytest.mark.parametrize("option", ["--filter", "--sort"])
def test_a_template_has_no_users_to_choose_from(home, store, option):
    assert "leave out --filter" in refusal("export", "out.csv", "--template", option, "")
    assert not (home / "out.csv").exists()


@pytest.mark.usefixtures("users")
def test_the_users_of_the_last_import_are_listed(home):
    qm_tui("export", "out.csv", "--filter", "bo|cy")
    text = (home / "out.csv").read_text().replace("Support", "Service")
    (home / "out.csv").write_text(text)
    qm_tui("import", "out.csv")
    assert listed("--filter", "import:last") == ["Cy"]


@pytest.mark.usefixtures("users")
def test_a_store_that_is_only_looked_at_can_be_filtered(store):
    before = as_it_is(store)
    arguments = ("--json", "--filter", "changed:today", "--sort", "-extension")
    for place in (("list", "--read-only"), ("--read-only", "list")):
        out, errors = streams(*place, *arguments)
        assert [json.loads(line)["first_name"] for line in out.splitlines()] == ["Cy", "Di", "Bo"]
        assert errors == "3 of 3 users\n"
    assert as_it_is(store) == before


@pytest.mark.parametrize("option", [(), ("--json",)], ids=str)
def test_whoever_has_seen_enough_of_the_list_may_close_it(store, option):
    commit(store, *[user(f"n{number}") for number in range(3000)])
    with subprocess.Popen(
        command("list", "--filter", "n1|n2", *option),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        assert program.stdout.readline()
        program.stdout.close()
        assert program.stderr.read() == b""
    assert program.returncode == 141


@pytest.mark.parametrize("arguments", [("list",), ("list", "--json"), ("export", "-")], ids=str)
def test_output_that_cannot_be_written_is_said_and_nothing_else(store, arguments):
    commit(store, BO)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command(*arguments, "--filter", "bo"),
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=30,
        )
    assert done.returncode == 2
    assert done.stderr.decode() == "The output could not be written: No space left on device.\n"


def test_the_start_of_other_commands_does_not_import_the_finding_of_users():
    code = (
        "import sys\n"
        "import qm_tui.cli.program\n"
        "assert not [one for one in sys.modules if one.startswith('qm_tui.users')]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
