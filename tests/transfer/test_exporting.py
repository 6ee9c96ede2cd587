"""Users to a file: whole or not at all, for their owner alone, never over another file."""

import errno
import os
import resource
import signal
import stat

import pytest

from qm_tui.progress import Cancelled, Phase
from qm_tui.refusal import Refused
from qm_tui.transfer.exporting import AlreadyThere, export_path, export_users
from qm_tui.users.fields import User
from tests.helpers import ANNA, HEADER, read, user

_USERS = [ANNA, user("bo"), user("zoë")]


def _mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _names(folder) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def test_an_export_begins_with_the_header_in_file_order(tmp_path):
    path = export_users(_USERS, tmp_path / "users.csv")
    assert path.read_bytes().split(b"\r\n")[0].decode() == ",".join(HEADER)


def test_an_export_is_utf_8_with_crlf_and_quotes_only_where_they_are_needed(tmp_path):
    hostile = User(*[""] * 26)._replace(
        first_name="Zoë", last_name='O"Brien', location="a,b", department="x\ny", agent_id="it's"
    )
    path = export_users([hostile], tmp_path / "users.csv")
    row = 'Zoë,"O""Brien",,,it\'s,"x\ny",,,,,,,,,,,,,,"a,b",,,,,,'
    assert path.read_bytes() == f"{','.join(HEADER)}\r\n{row}\r\n".encode()


def test_users_are_written_in_the_order_given(tmp_path):
    path = export_users(_USERS[::-1], tmp_path / "users.csv")
    assert [one.values for one in read(path)[0]] == [list(one) for one in _USERS[::-1]]


def test_no_users_make_a_header_alone(tmp_path):
    path = export_users([], tmp_path / "users.csv")
    assert path.read_bytes() == f"{','.join(HEADER)}\r\n".encode()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_an_export_is_for_its_owner_alone_whatever_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        path = export_users(_USERS, tmp_path / "users.csv")
    finally:
        os.umask(before)
    assert _mode(path) == 0o600


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("users", "users.csv"),
        ("users.csv", "users.csv"),
        ("users.CSV", "users.CSV"),
        ("users.txt", "users.txt.csv"),
        ("users.2024", "users.2024.csv"),
        ("a b", "a b.csv"),
        (".csv", ".csv"),
    ],
)
def test_csv_is_added_where_it_is_missing(tmp_path, name, expected):
    assert export_path(tmp_path / name) == tmp_path / expected
    assert export_users(_USERS, tmp_path / name) == tmp_path / expected
    assert _names(tmp_path) == [expected]


@pytest.mark.parametrize("name", ["users.csv", "users"])
def test_a_file_that_stands_there_is_refused_and_untouched(tmp_path, name):
    path = tmp_path / "users.csv"
    path.write_bytes(b"precious")
    path.chmod(0o644)
    with pytest.raises(AlreadyThere, match=r"users\.csv exists already.*Nothing was exported\."):
        export_users(_USERS, tmp_path / name)
    assert path.read_bytes() == b"precious"
    assert _mode(path) == 0o644
    assert _names(tmp_path) == ["users.csv"]


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path):
    path = tmp_path / "users.csv"

    def somebody_else(_phase: Phase, _done: int, _total: int) -> None:
        path.write_bytes(b"precious")

    with pytest.raises(AlreadyThere):
        export_users(_USERS, path, somebody_else)
    assert path.read_bytes() == b"precious"
    assert _names(tmp_path) == ["users.csv"]


def test_overwriting_replaces_the_file_and_makes_it_private(tmp_path):
    path = tmp_path / "users.csv"
    path.write_bytes(b"old" * 10_000)
    path.chmod(0o644)
    export_users(_USERS, path, overwrite=True)
    assert len(read(path)[0]) == 3
    assert _mode(path) == 0o600
    assert _names(tmp_path) == ["users.csv"]


def test_a_symbolic_link_is_followed_and_stays(tmp_path):
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "real.csv", tmp_path / "link.csv"
    target.write_bytes(b"old")
    link.symlink_to(target)
    with pytest.raises(AlreadyThere):
        export_users(_USERS, link)
    assert target.read_bytes() == b"old"
    export_users(_USERS, link, overwrite=True)
    assert link.is_symlink()
    assert len(read(target)[0]) == 3
    assert _names(target.parent) == ["real.csv"]


def test_a_missing_folder_is_refused_and_not_made(tmp_path):
    with pytest.raises(Refused, match=r"folder .*missing does not exist.*Nothing was exported\."):
        export_users(_USERS, tmp_path / "missing" / "users.csv")
    assert _names(tmp_path) == []


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_or_a_pipe_in_the_place_of_the_file_is_refused(tmp_path, overwrite):
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    for name, what in [("folder", "a folder"), ("pipe", "a device or a pipe")]:
        with pytest.raises(Refused, match=what):
            export_users(_USERS, tmp_path / name, overwrite=overwrite)
    assert _names(tmp_path) == ["folder.csv", "pipe.csv"]


def test_a_device_is_refused(tmp_path):
    link = tmp_path / "users.csv"
    link.symlink_to("/dev/null")
    with pytest.raises(Refused, match="a device"):
        export_users(_USERS, link)


@pytest.mark.parametrize("name", ["nul\x00", "x" * 300])
def test_a_name_that_no_file_can_have_is_refused(tmp_path, name):
    with pytest.raises(Refused, match="could not be written"):
        export_users(_USERS, tmp_path / name)
    assert _names(tmp_path) == []


def _cancels(_phase: Phase, done: int, _total: int) -> None:
    if done > 1000:
        raise Cancelled


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_cancelled_export_leaves_everything_as_it_was(tmp_path, overwrite):
    if overwrite:
        (tmp_path / "users.csv").write_bytes(b"precious")
    with pytest.raises(Cancelled):
        export_users([ANNA] * 5000, tmp_path / "users.csv", _cancels, overwrite=overwrite)
    assert _names(tmp_path) == ["users.csv"] * overwrite
    assert all(one.read_bytes() == b"precious" for one in tmp_path.iterdir())


def test_a_full_disk_leaves_everything_as_it_was(tmp_path):
    path = tmp_path / "users.csv"
    path.write_bytes(b"precious")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(Refused, match=r"File too large\. Nothing was exported\."):
            export_users([ANNA] * 5000, path, overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == b"precious"
    assert _names(tmp_path) == ["users.csv"]


def test_an_export_that_cannot_be_synced_leaves_everything_as_it_was(tmp_path, monkeypatch):
    def fails(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(Refused, match="Input/output error"):
        export_users(_USERS, tmp_path / "users.csv")
    assert _names(tmp_path) == []


@pytest.mark.parametrize("place", [0, 2500])
def test_half_a_character_is_refused_and_the_user_and_field_are_named(tmp_path, place):
    users = [ANNA] * 3000
    users[place] = user(user_id="u17", location="Oslo\ud800")
    with pytest.raises(Refused, match=r"u17.*Location"):
        export_users(users, tmp_path / "users.csv")
    assert _names(tmp_path) == []


def test_half_a_character_in_a_secret_is_refused_without_the_secret(tmp_path):
    with pytest.raises(Refused, match="Password") as refused:
        export_users([user(password="HUNTER2\ud800")], tmp_path / "users.csv")
    assert "HUNTER2" not in str(refused.value)


def test_exporting_says_how_far_it_is(tmp_path):
    told: list[tuple[Phase, int, int]] = []
    users = [ANNA] * 2500
    export_users(users, tmp_path / "users.csv", lambda *tick: told.append(tick))
    assert [done for _, done, _ in told] == [1000, 2000, 2500]
    assert {(phase, total) for phase, _, total in told} == {(Phase.EXPORTING, 2500)}


@pytest.mark.parametrize(
    "value",
    [
        *('="0123"', '=""', '="a""b"', '="', '=""x""', "=1+1", '"', "it's", "a,b;c|d"),
        *("0123", "+44", "-", "@x", "Zoë \U0001f600", "\u2028", "\ufeffx", "sep=;", "First Name"),
    ],
)
def test_any_value_survives_export_and_import(tmp_path, value):
    one = user(location=value, password=f" {value} ", salt=value, first_name=value)
    records, _ = read(export_users([one], tmp_path / "users.csv"))
    assert [record.values for record in records] == [list(one)]
