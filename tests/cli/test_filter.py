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
    """Return the output of the program, and its standard error."""
    done = subprocess.run(command(*arguments), check=True, capture_output=True, timeout=30)
    return done.stdout, done.stderr.decode()


def listed(*arguments: str) -> list[str]:
    """Return the first words of the lines below the header."""
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
def test_list_shows_only_matching_users(text, found):
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
def test_list_sorts_users(sort, found):
    assert listed("--sort", sort) == found


@pytest.mark.usefixtures("users")
def test_list_shows_the_given_columns():
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
def test_list_reports_the_number_of_matches_on_standard_error(text, found, said):
    out, errors = streams("list", "--json", "--filter", text, "--sort", "-extension")
    assert [json.loads(line)["first_name"] for line in out.splitlines()] == found
    assert errors == said


@pytest.mark.usefixtures("users")
def test_list_without_filter_reports_no_number():
    assert streams("list", "--sort", "extension")[1] == ""


@pytest.mark.usefixtures("store")
def test_filter_without_a_store_matches_no_users(store):
    out, errors = streams("list", "--json", "--filter", "changed:7d berg")
    assert (out, errors) == (b"", f"There is no store at {store}.\n0 of 0 users\n")


@pytest.mark.usefixtures("users")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--filter", "active:maybe"), "Invalid filter active:maybe at character 8: "),
        (("--filter", "bo department:"), "at character 4: department: needs a value"),
        (("--filter", '"open'), "Unclosed quote"),
        (("--filter", "bo -marked:yes"), "at character 12: marked: works only in the terminal UI"),
        (("--filter", "password:x"), "Password cannot be used in a filter"),
        (("--filter", "nope:x"), "Unknown field nope"),
        (("--filter", "import:last"), "There is no import yet"),
        (("--filter", "import:1"), "Transaction 1 is not an import"),
        (("--filter", "x" * 1001), "too long (maximum 1,000 characters)"),
        (("--filter", ""), "The filter is empty"),
        (("--filter", " \t"), "The filter is empty"),
        (("--filter", "\x1b]52;c;eA==\x07 active:\x1bno"), "␛]52;c;eA==␇ active:␛no"),
        (("--filter", "active:\u202eon"), "‹U+202E›"),
        (("--filter", "active:\udcff"), "for active: use yes, no or"),
        (
            ("--filter", "active:yes", "--sort", "nope"),
            "Unknown column nope. Valid columns: first-name, ",
        ),
        (("--sort", "nope\x1b[2J"), "Unknown column nope␛[2J."),
        (("--sort", "changed"), "Unknown column changed."),
        (("--sort", "Password"), "Password cannot be shown"),
        (("--sort", ""), "--sort is empty"),
        (("--sort", "-,"), "--sort is empty"),
        (("--columns", "user-name,salt"), "Salt Value cannot be shown"),
        (("--columns", "user"), "user is ambiguous: user-id or user-name?"),
        (("--columns", ","), "--columns is empty"),
        (("--json", "--columns", "user-name"), "--json and --columns cannot be combined"),
    ],
    ids=str,
)
def test_invalid_filter_sort_and_columns_are_errors(arguments, words):
    sentence = refusal("list", *arguments)
    assert words in sentence
    assert sentence.rstrip("\n").isprintable()


@pytest.mark.usefixtures("users")
def test_export_writes_only_matching_users(home):
    said = qm_tui("export", "out.csv", "--filter", "active:yes", "--sort", "-extension")
    assert said.splitlines()[0] == "Export complete. 2 of 3 users written to out.csv"
    records, _ = read(home / "out.csv")
    assert [one.values for one in records] == [list(CY), list(BO)]


@pytest.mark.usefixtures("users")
def test_sorted_export_contains_all_users(home):
    said = qm_tui("export", "out.csv", "--sort", "extension")
    assert said.splitlines()[0] == "Export complete. 3 users written to out.csv"
    records, _ = read(home / "out.csv")
    assert [one.values for one in records] == [list(BO), list(DI), list(CY)]


@pytest.mark.usefixtures("users")
def test_filtered_export_to_standard_output_reports_on_standard_error(home):
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
        ("zz\x1bz", "No users match --filter zz␛z. Nothing was exported."),
        ("active:maybe", "at character 8"),
        ("", "The filter is empty. Enter a filter, or omit --filter."),
    ],
)
def test_filter_without_matches_does_not_overwrite_an_export(home, name, text, words):
    (home / "out.csv").write_text("precious")
    assert words in refusal("export", name, "--force", "--filter", text)
    assert (home / "out.csv").read_text() == "precious"


@pytest.mark.parametrize("option", ["--filter", "--sort"])
def test_template_cannot_be_combined_with_filter_or_sort(home, store, option):
    assert f"--template and {option} cannot be combined" in refusal(
        "export", "out.csv", "--template", option, ""
    )
    assert not (home / "out.csv").exists()


@pytest.mark.usefixtures("users")
def test_filter_finds_users_of_the_last_import(home):
    qm_tui("export", "out.csv", "--filter", "bo|cy")
    text = (home / "out.csv").read_text().replace("Support", "Service")
    (home / "out.csv").write_text(text)
    qm_tui("import", "out.csv")
    assert listed("--filter", "import:last") == ["Cy"]


@pytest.mark.usefixtures("users")
def test_read_only_store_can_be_filtered(store):
    before = as_it_is(store)
    arguments = ("--json", "--filter", "changed:today", "--sort", "-extension")
    for place in (("list", "--read-only"), ("--read-only", "list")):
        out, errors = streams(*place, *arguments)
        assert [json.loads(line)["first_name"] for line in out.splitlines()] == ["Cy", "Di", "Bo"]
        assert errors == "3 of 3 users\n"
    assert as_it_is(store) == before


@pytest.mark.parametrize("option", [(), ("--json",)], ids=str)
def test_closed_pipe_ends_a_filtered_list(store, option):
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
def test_unwritable_output_is_reported_alone(store, arguments):
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
    assert done.stderr.decode() == "Cannot write the output: No space left on device.\n"


def test_program_start_does_not_import_users():
    code = (
        "import sys\n"
        "import qm_tui.cli.program\n"
        "assert not [one for one in sys.modules if one.startswith('qm_tui.users')]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.usefixtures("users")
@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "department:sales"),
        ("export", "new.csv", "department:sales"),
        ("set", "department:sales", "location=Oslo"),
        ("inactivate", "department:sales"),
    ],
)
def test_filter_without_its_option_names_the_option(home, arguments):
    assert "To select users with a filter, use --filter FILTER." in refusal(*arguments)
    assert not (home / "new.csv").exists()


@pytest.mark.usefixtures("users")
@pytest.mark.parametrize(
    "arguments", [("passwd", "department:sales"), ("info", "department:sales")]
)
def test_command_without_filter_does_not_name_the_option(arguments):
    assert "--filter" not in refusal(*arguments)
