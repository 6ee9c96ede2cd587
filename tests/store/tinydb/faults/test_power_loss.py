"""A power cut at any moment: the store has all acknowledged changes, or the last one too."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers import sample_cases
from tests.store.tinydb.damage import quick_folder
from tests.store.tinydb.faults.disks import FULL, MEDIUM, SHORT, Disk, Effort, laid_out
from tests.store.tinydb.faults.power_loss import (
    STORE,
    WORKLOADS,
    Survey,
    record,
    survey,
    survey_of_second_cuts,
)
from tests.store.tinydb.faults.recorder import Recording


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder in memory, where there is one: thousands of small files are made in it."""
    with quick_folder() as folder:
        yield folder


class Recordings(dict[str, Recording]):
    """Recordings of workloads by name, each made when it is asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def __missing__(self, name: str) -> Recording:
        self[name] = record(self._folder / name, name)
        return self[name]


@pytest.fixture(scope="module")
def recordings(folder) -> Recordings:
    return Recordings(folder)


@pytest.fixture(params=sample_cases(WORKLOADS, [0, 1, 2, 4, 5, 7, 8, 9]))
def recording(request, recordings) -> Recording:
    found: Recording = recordings[request.param]
    return found


def _assert_whole(recording: Recording, folder: Path, effort: Effort) -> Survey:
    found = survey(recording, folder, effort)
    assert not found.errors, f"{len(found.errors)} of {found.states}; the first: {found.errors[0]}"
    assert found.points == min(effort.moments or len(recording.calls), len(recording.calls))
    assert found.opened > found.points / 2
    return found


@pytest.mark.parametrize("workload", ["all kinds", "killed"])
def test_what_is_played_back_is_what_was_written(recordings, folder, workload):
    recording, root = recordings[workload], folder / workload / "root"
    disk = Disk.before(recording)
    for call in recording.calls:
        disk.take(call)
    laid_out(disk.found([True] * len(disk.pending)), folder / "played back")
    names = {one.relative_to(root) for one in root.rglob("*")}
    played_back = folder / "played back"
    assert {one.relative_to(played_back) for one in played_back.rglob("*")} == names
    for name in names:
        if (root / name).is_file() and name.suffix != ".lock":
            assert (played_back / name).read_bytes() == (root / name).read_bytes()
    assert (played_back / STORE).stat().st_size > 0


def test_no_power_cut_loses_or_halves_anything(recording, folder):
    _assert_whole(recording, folder, SHORT)


@pytest.mark.parametrize("of_folders", [False, True], ids=["files", "folders"])
@pytest.mark.parametrize("name", ["segments", "takeover"])
def test_without_syncs_the_same_check_finds_what_is_lost(recordings, folder, name, of_folders):
    without = recordings[name].without_syncs(of_folders=of_folders)
    assert len(survey(without, folder, MEDIUM, max_errors=20).errors) == 20


@pytest.mark.parametrize("name", ["segments", "takeover"])
def test_a_power_cut_while_the_store_recovers_from_another_loses_nothing(recordings, folder, name):
    found = survey_of_second_cuts(recordings[name], folder, SHORT, cuts=2)
    assert not found.errors, f"{len(found.errors)} of {found.states}; the first: {found.errors[0]}"


@pytest.mark.long
def test_no_power_cut_in_all_its_ways_loses_or_halves_anything(recordings, folder):
    found = [_assert_whole(recordings[name], folder, FULL) for name in WORKLOADS]
    assert sum(one.points for one in found) == sum(len(one.calls) for one in recordings.values())
    assert sum(one.states for one in found) >= 10_000


@pytest.mark.long
def test_power_cuts_while_the_store_recovers_from_others_lose_nothing(recording, folder):
    found = survey_of_second_cuts(recording, folder, MEDIUM, cuts=5)
    assert not found.errors, f"{len(found.errors)} of {found.states}; the first: {found.errors[0]}"
