"""The main screens of the program on a store on a server, in a real terminal."""

import time
from collections.abc import Iterator

import pytest

from tests.helpers import needs_package, user, users_file, users_of, without_ids
from tests.store.kinds import commit
from tests.tui.app.test_terminals import reversed_texts
from tests.tui.pages import sample_users
from tests.tui.terminal.test_real_terminal import PROGRAM
from tests.tui.tmux import Tmux, soon


@pytest.fixture
def tmux(home, store, postgres_store_url) -> Iterator[Tmux]:
    """The program with a store of 60 users, and a file to import."""
    needs_package("tmux")
    commit(store, *sample_users(60))
    users_file(home, *without_ids(user("zoe"), user("yan")), name="new.csv")
    environment = {"HOME": str(home), "TERM": "screen", "NO_COLOR": "1"}
    tmux = Tmux(home, PROGRAM, "--store", postgres_store_url, **environment)
    try:
        yield tmux
    finally:
        tmux.end()


def test_main_screens_work_in_a_terminal(tmux, home, store):
    def see(*texts: str) -> None:
        for text in texts:
            tmux.wait_for(text)

    def confirm(question: str, button: str) -> None:
        """Press a button; keys that come before the question has been drawn are dropped."""
        see(question)
        while not any(button in text for text in reversed_texts(tmux.text(with_attributes=True))):
            tmux.send("Tab")
            time.sleep(0.5)
        while question in tmux.text():
            tmux.send("Enter")
            time.sleep(0.5)

    see("postgresql://qm_owner@", "60 users", ">  Jack       Knight", "1 of 60")

    tmux.send("PgDn", "PgDn")
    see("29 of 60")
    tmux.send("End")
    see("60 of 60")
    tmux.send("Home")
    see("1 of 60")

    tmux.send("/", "jac")
    see("2 of 60 shown", "jack.norris")
    tmux.send("Enter")
    see("1 of 2")
    tmux.send("Escape")
    see("Laura      Ingram")

    tmux.send("s")
    see("First Name▲", "31 of 60")
    tmux.send("s")
    see("First Name▼", "29 of 60")

    tmux.send("Enter")
    see("Jack Knight, jack.knight", "u00000000001", "Password                      set")
    tmux.send("Escape")
    see("29 of 60   columns")

    tmux.send("e")
    see("Edit Jack Knight", "First name of the user.")
    tmux.send("End", "ie")
    see("Jackie")
    tmux.send("F2")
    see("Jackie     Knight", "Press u to undo")
    assert _first_name(store) == "Jackie"

    tmux.send("Space", "Down", "Space")
    see("2 marked")
    tmux.send("A")
    confirm("Inactivate 2 users?", "[Inactivate 2]")
    see("Inactivated 2 users.")
    assert _inactive(store) == 5

    tmux.send("u")
    confirm("Undo transaction 3?", "[Undo inactivation]")
    see("Undid inactivation of 2 users.")
    assert _inactive(store) == 3

    tmux.send("2")
    see("4 transactions", "Undo of transaction 3", "(qm_owner)", "Edit Jack")
    tmux.send("3")
    see("Unlimited                       49", "81.7%")
    tmux.send("5")
    see("Customer Ser")
    tmux.send("1")
    see("2 marked")

    tmux.send("i")
    see("Open", "newest first")
    tmux.send("C-u")
    tmux.wait_for(" Path         /", gone=True)
    tmux.send(str(home / "new.csv"))
    see("Read as UTF-8")
    tmux.send("Enter")
    see("nothing imported yet", "[i Import 2 changes]", "Zoe Zoesen")
    time.sleep(1)  # as above, but another `i` would begin the next import
    tmux.send("i")
    see("Imported: 2 added", ">+ Zoe", "62 users")

    tmux.send("x")
    see("Save As")
    tmux.send("C-u")
    tmux.wait_for("users-20", gone=True)
    tmux.send(str(home / "out.csv"))
    see("out.csv")
    tmux.send("Enter")
    see("Export complete")
    assert len((home / "out.csv").read_bytes().splitlines()) == 63
    see("[OK]")
    tmux.send("Enter")
    tmux.wait_for("[OK]", gone=True)
    tmux.send("q")
    soon(lambda: not tmux.is_there)


def _first_name(store) -> str:
    return str(store.state.users(["u00000000001"])[0].first_name)


def _inactive(store) -> int:
    return sum(one.is_active == "0" for one in users_of(store.state).values())
