"""Files of other programs, imported in a terminal: the mapping is made there, and used again."""

import csv
import sys

import pytest

from qm_tui.store import open_store
from tests.helpers import commit, needs_package, user, users_of
from tests.tui.tmux import Tmux

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def terminal(home, monkeypatch):
    """Start the program in the home folder, in tmux at 80x24."""
    needs_package("tmux")
    monkeypatch.chdir(home)
    started: list[Tmux] = []

    def start() -> Tmux:
        folder = home / f"tmux-{len(started)}"
        folder.mkdir()
        program = (sys.executable, "-m", "qm_tui", "--store", str(home / "users.json"))
        started.append(Tmux(folder, *program))
        return started[-1]

    yield start
    for one in started:
        one.end()


def _write(path, *rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def _users(home):
    store = open_store(home / "users.json", read_only=True)
    users = {one.user_name: one for one in users_of(store.load()).values()}
    store.close()
    return users


def _give(tmux: Tmux, field: str, name: str, value: str) -> None:
    tmux.send("a")
    tmux.wait_for("Value for new users in field")
    tmux.send("-l", field)
    tmux.send("Enter")
    tmux.wait_for(f"{name} of new users")
    tmux.send("-l", value)
    tmux.send("Enter")
    tmux.wait_for(f"→ {name}")


def test_five_columns_of_a_directory_add_200_users(home, terminal):
    persons = [
        ("Jürgen", f"Müller{n:03}", f"0{400 + n}", ("Vertrieb", "Technik")[n % 2], f"N{n}")
        for n in range(200)
    ]
    header = ("Given Name", "Surname", "Telephone", "Dept", "Personnel No")
    _write(home / "directory.csv", header, *persons)
    tmux = terminal()
    tmux.wait_for("No users")
    tmux.send("i")
    tmux.wait_for("No column names")
    tmux.send("Enter")
    tmux.wait_for("Map columns to fields")
    for column, field, name in (
        ("Telephone", "ext", "Extension"),
        ("Personnel No", "agent", "Agent ID"),
    ):
        tmux.send("Down", "Down", "Enter")
        tmux.wait_for(f'Map column "{column}" to')
        tmux.send("-l", field)
        tmux.send("Enter")
        tmux.wait_for(f"→ {name}")
    tmux.send("=")
    tmux.wait_for("= match")
    tmux.send("Up", "v")
    tmux.wait_for("100 → Vertrieb")
    tmux.send("Enter")
    tmux.wait_for('Department Name for "Vertrieb"')
    tmux.send("-l", "Sales")
    tmux.send("Enter")
    tmux.wait_for("100 → Sales")
    tmux.send("F2")
    tmux.wait_for("2 values:")
    template = "{Given Name|first|ascii|lower}.{Surname|ascii|lower}"
    for field, name, value in (
        ("user name", "User Name", template),
        ("active", "Is User Active", "yes"),
        ("recording serv", "Recording Service IP Address", "Any"),
        ("unlim", "Unlimited License", "1"),
        ("on-dem", "On-Demand License", "0"),
    ):
        _give(tmux, field, name, value)
    tmux.wait_for("j.muller000")
    tmux.send("F2")
    tmux.wait_for("d  add without password")
    tmux.send("d")
    tmux.wait_for("200 added users have no password yet.")
    tmux.wait_for("[i Import 200 changes]")
    tmux.send("i")
    tmux.wait_for("Imported: 200 added")
    tmux.send("q")
    users = _users(home)
    assert len(users) == 200
    assert users["j.muller007"][:8] == (
        *("Jürgen", "Müller007", "0407", users["j.muller007"].user_id, "N7", "Technik"),
        *("j.muller007", users["j.muller007"].password),
    )
    assert users["j.muller008"].department == "Sales"


def test_saved_mapping_updates_by_agent_id_and_adds(home, terminal):
    commit(home / "users.json", user("ben", agent_id="N1", location="Oslo"))
    _write(home / "hr.csv", ("Number", "State"), ("N1", "no"))
    tmux = terminal()
    tmux.wait_for("1 user")
    tmux.send("i")
    tmux.wait_for("No column names")
    tmux.send("Enter")
    tmux.wait_for("Map columns to fields")
    for column, field, name in (("Number", "agent", "Agent ID"), ("State", "active", "Is User A")):
        tmux.send("Enter")
        tmux.wait_for(f'Map column "{column}" to')
        tmux.send("-l", field)
        tmux.send("Enter")
        tmux.wait_for(f"→ {name}")
        tmux.send("Down")
    tmux.send("Up", "Up", "=")
    tmux.wait_for("= match")
    tmux.send("F2")
    tmux.wait_for("convert")
    tmux.send("y")
    tmux.wait_for("[i Import 1 change]")
    tmux.send("i")
    tmux.wait_for("Imported: 1 changed")
    assert _users(home)["ben"].is_active == "0"

    _write(home / "hr.csv", ("State", "Number"), ("yes", "N1"))
    tmux.send("i")
    tmux.wait_for("hr.csv")
    tmux.send("Enter")
    tmux.wait_for("[i Import 1 change]")
    assert "mapped with “hr”" in tmux.text()
    tmux.send("i")
    tmux.wait_for("Imported: 1 changed")
    assert _users(home)["ben"].is_active == "1"
    tmux.send("q")
