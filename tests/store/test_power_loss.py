"""A power cut at any moment: the store opens as it was acknowledged, or with what was under way."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.disks import FULL, SHORT, Disk, Effort, laid_out
from tests.store.power_loss import LARGE, STORE, record, survey, survey_of_second_cuts
from tests.store.recorder import Recording

MEMORY = Path("/dev/shm")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder in memory, where there is one: thousands of small files are made in it."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def recording(folder) -> Recording:
    return record(folder)


def _assert_whole(recording: Recording, folder: Path, effort: Effort) -> None:
    found = survey(recording, folder, effort)
    assert not found.bad, f"{len(found.bad)} of {found.states}; the first: {found.bad[0]}"
    assert found.points == len(recording.calls)
    assert found.opened > found.points


def test_what_is_played_back_is_what_was_written(recording, folder):
    disk = Disk.before(recording)
    for call in recording.calls:
        disk.take(call)
    laid_out(disk.found([True] * len(disk.pending)), folder / "played back")
    names = {one.relative_to(folder / "root") for one in (folder / "root").rglob("*")}
    played_back = folder / "played back"
    assert {one.relative_to(played_back) for one in played_back.rglob("*")} == names
    for name in names:
        if (folder / "root" / name).is_file() and name.suffix != ".lock":
            assert (played_back / name).read_bytes() == (folder / "root" / name).read_bytes()
    assert (played_back / STORE).stat().st_size > 0


def test_the_workload_has_parts_checkpoints_and_undo(recording):
    assert {one.after[0] for one in recording.spans} == set(range(1, 11))
    assert max(len(one.after[1]) for one in recording.spans) > LARGE
    assert any(one.within != one.after for one in recording.spans)


def test_no_power_cut_loses_or_halves_anything(recording, folder):
    _assert_whole(recording, folder, SHORT)


@pytest.mark.parametrize("of_folders", [False, True], ids=["files", "folders"])
def test_without_syncs_the_same_check_finds_what_is_lost(recording, folder, of_folders):
    found = survey(recording.without_syncs(of_folders=of_folders), folder, SHORT, bad_enough=20)
    assert len(found.bad) == 20


def test_a_power_cut_while_the_store_recovers_from_another_loses_nothing(recording, folder):
    found = survey_of_second_cuts(recording, folder, Effort(3, 20), cuts=6)
    assert not found.bad, f"{len(found.bad)} of {found.states}; the first: {found.bad[0]}"


@pytest.mark.long
def test_no_power_cut_in_all_its_ways_loses_or_halves_anything(recording, folder):
    _assert_whole(recording, folder, FULL)


@pytest.mark.long
def test_power_cuts_while_the_store_recovers_from_others_lose_nothing(recording, folder):
    found = survey_of_second_cuts(recording, folder, SHORT, cuts=60)
    assert not found.bad, f"{len(found.bad)} of {found.states}; the first: {found.bad[0]}"
