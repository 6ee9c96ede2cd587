"""Imports while other programs write: the committed plan fits the newest state."""

import pytest

from qm_tui.progress import Phase
from qm_tui.store import open_store
from qm_tui.transfer.importing import ImportRequest, import_users
from tests.helpers import ANNA, HEADER, commit, counts, csv_text, user, users_of, write_file

BO = user("bo")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "store" / "users.json"
    commit(path, ANNA)
    return path


def test_user_name_taken_while_the_file_is_read_is_rejected(path, tmp_path):
    file = write_file(tmp_path, csv_text([HEADER, BO._replace(user_id=""), user("cy", user_id="")]))
    store = open_store(path)
    store.load()
    done: list[object] = []

    def tick(phase: Phase, _done: int, _total: int) -> None:
        if phase is Phase.READING and not done:
            done.append(commit(path, BO))

    report = import_users(ImportRequest(file), store, progress=tick)
    assert report.store_changed
    assert counts(report.plan) == (1, 0, 1, 0)
    assert [one.user_name for one in users_of(store.state).values()] == ["anna", "bo", "cy"]
