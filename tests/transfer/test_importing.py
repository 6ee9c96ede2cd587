"""Import: planned first, then committed as planned or not at all."""

import pytest

from qm_tui.errors import UserError
from qm_tui.progress import Phase
from qm_tui.store import open_store
from qm_tui.store.changes.plan import PlanOutdated
from qm_tui.store.errors import ConfirmationRequired
from qm_tui.transfer.importing import ImportRequest, commit_import, import_users, prepare_import
from qm_tui.transfer.options.import_options import ImportOptions
from tests.helpers import ANNA, EDIT, HEADER, counts, csv_text, user, users_of, write_file

BO = user("bo", extension="0500")
CY = user("cy", extension="0600")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store" / "users.json"


def _store(path, *users):
    store = open_store(path)
    store.load()
    if users:
        with store.transaction(EDIT) as transaction:
            transaction.commit({user.user_id: user for user in users})
    return store


def _file(folder, *users):
    return write_file(folder, csv_text([HEADER, *users]))


def _held(path):
    return users_of(open_store(path).load())


def test_prepare_writes_nothing_and_commit_does_what_the_plan_says(path, tmp_path):
    store = _store(path, ANNA)
    file = _file(tmp_path, ANNA._replace(agent_id="A-2"), BO._replace(user_id=""))
    prepared = prepare_import(ImportRequest(file), store.state)
    assert _held(path) == {ANNA.user_id: ANNA}
    report = commit_import(prepared, store)
    assert report.committed
    assert not report.store_changed
    assert _held(path) == {ANNA.user_id: ANNA, **prepared.plan.changes}


def test_file_that_is_still_being_written_is_not_imported(path, tmp_path):
    store = _store(path, ANNA)
    file = _file(tmp_path, BO._replace(user_id=""))

    complete = csv_text([HEADER, BO._replace(user_id=""), CY._replace(user_id="")])

    def write(*_: object) -> None:
        file.write_bytes(complete.encode())

    with pytest.raises(UserError, match="changed during the import"):
        import_users(ImportRequest(file), store, write)
    assert _held(path) == {ANNA.user_id: ANNA}


def test_commit_accepts_other_changes_that_do_not_affect_the_plan(path, tmp_path):
    store = _store(path, ANNA, CY)
    prepared = prepare_import(ImportRequest(_file(tmp_path, BO._replace(user_id=""))), store.state)
    _store(path, CY._replace(location="Bergen"))
    report = commit_import(prepared, store)
    assert report.committed
    assert report.store_changed
    assert sorted(user.user_name for user in _held(path).values()) == ["anna", "bo", "cy"]


@pytest.mark.parametrize(
    "meanwhile",
    [
        BO,
        ANNA._replace(location="Bergen"),
        ANNA._replace(agent_id="A-2"),
    ],
)
def test_commit_raises_if_the_result_has_changed(path, tmp_path, meanwhile):
    store = _store(path, ANNA)
    file = _file(tmp_path, ANNA._replace(agent_id="A-2"), BO._replace(user_id=""))
    prepared = prepare_import(ImportRequest(file), store.state)
    _store(path, meanwhile)
    before = _held(path)
    with pytest.raises(PlanOutdated) as changed:
        commit_import(prepared, store)
    assert _held(path) == before
    again = changed.value.plan
    assert (
        counts(again.plan) != counts(prepared.plan) or again.plan.changes != prepared.plan.changes
    )
    assert commit_import(again, store).committed


def test_commit_raises_if_nothing_is_left_to_do(path, tmp_path):
    store = _store(path, ANNA)
    prepared = prepare_import(
        ImportRequest(_file(tmp_path, ANNA._replace(agent_id="A-2"))), store.state
    )
    _store(path, ANNA._replace(agent_id="A-2"))
    with pytest.raises(PlanOutdated):
        commit_import(prepared, store)


def test_commit_rejects_a_changed_file_that_must_be_read_again(path, tmp_path):
    store = _store(path, ANNA)
    prepared = prepare_import(ImportRequest(_file(tmp_path, BO._replace(user_id=""))), store.state)
    _store(path, CY)
    _file(tmp_path, BO._replace(user_id=""), ANNA)
    with pytest.raises(UserError, match="changed during the import"):
        commit_import(prepared, store)
    assert set(_held(path)) == {ANNA.user_id, CY.user_id}


def test_importing_the_same_file_again_writes_no_transaction(path, tmp_path):
    store = _store(path)
    file = _file(tmp_path, ANNA._replace(user_id=""), BO._replace(user_id=""))
    assert commit_import(prepare_import(ImportRequest(file), store.state), store).committed
    report = commit_import(prepare_import(ImportRequest(file), store.state), store)
    assert not report.committed
    assert counts(report.plan) == (0, 0, 2, 0)
    assert len(store.transactions()) == 1


def test_all_or_nothing_writes_nothing_if_a_record_is_rejected(path, tmp_path):
    store = _store(path, ANNA)
    file = _file(tmp_path, BO._replace(user_id=""), CY._replace(user_id="", is_active="x"))
    asked = ImportRequest(file, ImportOptions(all_or_nothing=True))
    report = commit_import(prepare_import(asked, store.state), store)
    assert not report.committed
    assert _held(path) == {ANNA.user_id: ANNA}
    assert len(store.transactions()) == 1


# mass changes


def _many(path, tmp_path):
    users = [user(f"n{at}", extension=f"9{at}") for at in range(20)]
    store = _store(path, *users)
    file = _file(tmp_path, *(user._replace(is_active="0") for user in users))
    return store, file


@pytest.mark.parametrize("typed", [0, 19, 21, -20])
def test_mass_change_without_confirmation_changes_nothing(path, tmp_path, typed):
    store, file = _many(path, tmp_path)
    before = _held(path)
    with pytest.raises(ConfirmationRequired) as refused:
        import_users(ImportRequest(file), store, confirmed=typed)
    assert refused.value.count == 20
    assert "20 of 20 users" in str(refused.value)
    assert _held(path) == before


def test_mass_change_with_confirmation_is_committed(path, tmp_path):
    store, file = _many(path, tmp_path)
    assert import_users(ImportRequest(file), store, confirmed=20).committed
    assert {user.is_active for user in _held(path).values()} == {"0"}


def test_mass_change_with_another_number_must_be_confirmed_again(path, tmp_path):
    store, file = _many(path, tmp_path)
    prepared = prepare_import(ImportRequest(file), store.state)
    first = next(iter(users_of(store.state).values()))
    _store(path, first._replace(is_active="0"))
    with pytest.raises(PlanOutdated):
        commit_import(prepared, store, confirmed=20)
    with pytest.raises(ConfirmationRequired) as refused:
        import_users(ImportRequest(file), store, confirmed=20)
    assert refused.value.count == 19


# corrections


def test_correction_is_imported_instead_of_the_record(path, tmp_path):
    store = _store(path, ANNA)
    file = _file(tmp_path, BO._replace(user_id="", is_active="yes"), CY._replace(user_id="x"))
    asked = ImportRequest(file)
    assert counts(prepare_import(asked, store.state).plan) == (0, 0, 0, 2)
    corrections: dict[int, list[str | None]] = {1: [*BO._replace(user_id="")]}
    prepared = prepare_import(ImportRequest(file, corrections=corrections), store.state)
    assert counts(prepared.plan) == (1, 0, 0, 1)
    commit_import(prepared, store)
    assert [user.user_name for user in _held(path).values()] == ["anna", "bo"]


@pytest.mark.parametrize("typed", ["a\tb", "a\nb", "\x1b[31m", "x" * 4097])
def test_correction_is_validated_like_a_file(path, tmp_path, typed):
    store = _store(path)
    file = _file(tmp_path, BO._replace(user_id=""))
    corrections: dict[int, list[str | None]] = {1: [*BO._replace(location=typed)]}
    plan = prepare_import(ImportRequest(file, corrections=corrections), store.state).plan
    assert counts(plan) == (0, 0, 0, 1)


# how much of a plan is kept


def test_canceling_at_any_progress_leaves_the_store_unchanged(path, tmp_path):
    class Stop(Exception):
        pass

    users = [user(f"n{at}", user_id="", extension=f"9{at}") for at in range(2500)]
    file = _file(tmp_path, *users)
    for wanted in (Phase.READING, Phase.CHECKING, Phase.IMPORTING):
        store = _store(path.with_name(f"{wanted}.json"), ANNA)

        def tick(phase, _done, _total, wanted=wanted):
            if phase is wanted:
                raise Stop

        with pytest.raises(Stop):
            import_users(ImportRequest(file), store, tick)
        assert _held(path.with_name(f"{wanted}.json")) == {ANNA.user_id: ANNA}
