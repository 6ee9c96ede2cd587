"""The examples of docs/filters.md are valid, and find the described users."""

import re
import shlex

from qm_tui.users.query.filter_fields import FILTER_FIELDS
from qm_tui.users.query.filter_parser import parse_filter
from scripts.make_tables import FILTERS, MORE_EXAMPLES, examples
from tests.helpers import ANNA, by_id, commit, user
from tests.program import run
from tests.store.memory.asking import GivenActivity, find_user_ids

_PAGE = FILTERS.read_text()
_SHOWN = re.findall(r"^\| `(\S.*?)` \|", _PAGE.partition("## Names")[0], re.MULTILINE)
_COMMANDS = re.findall(r"^    qm-tui (.*)$", _PAGE, re.MULTILINE)
_USERS = by_id(
    user("berg", last_name="Berg", location="Oslo", department="Sales EMEA", extension="1000"),
    user("young", last_name="Young", location="", department="Support", extension="200"),
    user("two", last_name="Two Words", location="York", department="sales emea", extension="3"),
)
_FINDS = {
    "berg": ["berg"],
    '"two words"': ["two"],
    "berg oslo": ["berg"],
    "berg|young": ["berg", "young"],
    "-berg": ["young", "two"],
    "department:sales": ["berg", "two"],
    "department:sales|support": ["berg", "young", "two"],
    'department:="Sales EMEA"': ["berg"],
    "extension:10*": ["berg"],
    "extension:*00": ["berg", "young"],
    'location:""': ["young"],
    '-location:""': ["berg", "two"],
}


def test_every_filter_of_the_page_is_tested():
    assert [one.replace(r"\|", "|") for one in _SHOWN] == list(_FINDS)


def test_filter_of_the_page_finds_the_described_users():
    for text, names in _FINDS.items():
        assert find_user_ids(_USERS, text) == [f"u-{name}" for name in names]


def test_examples_of_a_name_use_it():
    assert FILTER_FIELDS.keys() >= {*MORE_EXAMPLES}
    for name in FILTER_FIELDS.values():
        for text in examples(name):
            (term,) = parse_filter(text)
            assert term.name is name
            find_user_ids(_USERS, text, activity=GivenActivity(imports={41: ["u-berg"]}))


def test_command_of_the_page_runs(home, monkeypatch):
    monkeypatch.chdir(home)
    commit(home / "users.json", ANNA._replace(is_active="0"))
    for line in _COMMANDS:
        done = run(*shlex.split(line), env={"QM_TUI_STORE": str(home / "users.json")})
        assert done.code == 0, done
    assert {line.split()[0] for line in _COMMANDS} == {"list", "export"}
