"""`--filter`, `--sort` and `--columns` of `qm-tui list`."""

import pytest

from tests.helpers import commit, files_of, user
from tests.program import listed, output, refusal, run

BO = user("bo", first_name="Bo", last_name="Berg", department="Sales Nord", extension="2")
CY = user("cy", first_name="Cy", last_name="Ågren", department="Support", extension="10")
DI = user("di", first_name="Di", last_name="Zorn", department="", extension="9", is_active="0")


@pytest.fixture
def users(store):
    commit(store, BO, CY, DI)
    return store


def test_list_shows_only_matching_users_and_their_number(users):
    before = files_of(users)
    for text, found in {
        "department:sales": ["Bo"],
        "agren": ["Cy"],
        "-active:no": ["Bo", "Cy"],
        "changed:today": ["Bo", "Cy", "Di"],
        "duplicate:agent-id -cy": ["Bo", "Di"],
        "zzz": [],
    }.items():
        done = run("list", "--read-only", "--filter", text)
        assert [line.split()[0] for line in done.out.splitlines()[1:]] == found
        assert (done.code, done.err) == (0, f"{len(found)} of 3 users\n")
        assert [one["first_name"] for one in listed("--filter", text)] == found
    assert files_of(users) == before


def test_list_sorts_users(users):
    for sort, found in {
        "-extension": ["Cy", "Di", "Bo"],
        "active,-extension": ["Di", "Cy", "Bo"],
        "Department Name": ["Bo", "Cy", "Di"],
        "license,-ext": ["Cy", "Di", "Bo"],
    }.items():
        assert [one["first_name"] for one in listed("--sort", sort)] == found


def test_list_shows_the_given_columns(users):
    lines = output("list", "--columns", "extension,license, Last Name").splitlines()
    assert lines[0].split() == ["Exten", "Lic", "Last", "Name"]
    assert lines[1].split() == ["2", "U", "C", "Berg"]


def test_filter_without_a_store_matches_no_users(store):
    done = run("list", "--json", "--filter", "changed:7d berg")
    assert (done.out, done.err) == ("", f"There is no store at {store}.\n0 of 0 users\n")


def test_filter_finds_users_of_the_last_import(home, users):
    output("export", "out.csv", "--filter", "bo|cy")
    text = (home / "out.csv").read_text().replace("Support", "Service")
    (home / "out.csv").write_text(text)
    output("import", "out.csv")
    assert [one["first_name"] for one in listed("--filter", "import:last")] == ["Cy"]


def test_invalid_filter_sort_and_columns_are_errors(users):
    for arguments, words in {
        ("--filter", "active:maybe"): "Invalid filter active:maybe at character 8: ",
        ("--filter", "bo -marked:yes"): "at character 12: marked: works only in the terminal UI",
        ("--filter", "password:x"): "password: accepts only none-yet",
        ("--filter", "import:last"): "There is no import yet",
        ("--filter", " \t"): "The filter is empty",
        ("--filter", "\x1b]52;c;eA==\x07 active:\x1bno"): "␛]52;c;eA==␇ active:␛no",
        ("--filter", "cy", "--sort", "nope"): "Unknown column nope. Valid columns: first-name, ",
        ("--sort", "nope\x1b[2J"): "Unknown column nope␛[2J.",
        ("--sort", "Password"): "Password cannot be shown",
        ("--sort", "-,"): "--sort is empty",
        ("--columns", "user-name,salt"): "Salt Value cannot be shown",
        ("--columns", "user"): "user is ambiguous: user-id or user-name?",
        ("--columns", ","): "--columns is empty",
        ("--json", "--columns", "user-name"): "--json and --columns cannot be combined",
    }.items():
        sentence = refusal("list", *arguments)
        assert words in sentence
        assert sentence.rstrip("\n").isprintable()


def test_filter_without_its_option_names_the_option(home, users):
    for arguments in (
        ("list", "department:sales"),
        ("export", "new.csv", "department:sales"),
        ("set", "department:sales", "location=Oslo"),
        ("inactivate", "department:sales"),
    ):
        said = refusal(*arguments)
        assert "To select users with a filter, use --filter FILTER." in said
    assert not (home / "new.csv").exists()
    for arguments in (("passwd", "department:sales"), ("info", "department:sales")):
        assert "--filter" not in refusal(*arguments)
