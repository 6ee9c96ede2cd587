"""Two Unix users of one group: files that one swaps while the other works disclose nothing."""

import grp
import multiprocessing
import os
import pwd
import random
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

import qm_tui.store.tinydb.maintenance  # noqa: F401 - other users may not read Python's folder
from qm_tui.store.errors import StoreError
from qm_tui.store.tinydb import open_tinydb_store
from tests.helpers import sample_cases, user, users_of
from tests.store.tinydb.damage import (
    commit,
    is_moment_of_writing,
    missing_changes,
    wait_for_another,
    wait_until,
    writing,
)

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become two other users")

TRIES = 100
VICTIM, ATTACKER, GROUP = "daemon", "nobody", "games"
FORK = multiprocessing.get_context("fork")


def become(name: str) -> None:
    """Become another user, in the common group."""
    one = pwd.getpwnam(name)
    os.setgroups([grp.getgrnam(GROUP).gr_gid])
    os.setgid(one.pw_gid)
    os.setuid(one.pw_uid)
    os.umask(0o022)


def run_as(name: str, work: Callable[[], int]) -> int:
    """Run a function as another user; return what it returns, at most 200."""

    def run() -> None:
        become(name)
        os._exit(work())

    process = FORK.Process(target=run)
    process.start()
    process.join(120)
    assert process.exitcode is not None
    assert 0 <= process.exitcode <= TRIES, "it failed"
    return process.exitcode


@contextmanager
def attacking(attack: Callable[[], None]) -> Iterator[BaseProcess]:
    """Let the attacker do something again and again; whatever fails is tried again."""
    rounds = FORK.Value("i", 0)

    def run() -> None:
        become(ATTACKER)
        sys.stderr = None
        while True:
            with suppress(OSError):
                attack()
            rounds.value += 1
            pause()

    process = FORK.Process(target=run)
    process.start()
    try:
        wait_until(lambda: rounds.value > 3)
        yield process
        before = rounds.value
        wait_until(lambda: rounds.value > before)  # it is still at it
    finally:
        process.kill()
        process.join()
        process.close()


def tree(folder: Path) -> dict[str, tuple[object, ...]]:
    """All of a folder: kinds, modes, owners, groups and contents."""
    found: dict[str, tuple[object, ...]] = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        status = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
        about = (oct(status.st_mode), status.st_uid, status.st_gid, content)
        found[str(path.relative_to(folder))] = about
    return found


class Site:
    """A store that a group shares, and the home of one of the admins.

    Attributes:
        store: the folder of the store, in a folder that the group may write.
        home: what only its owner may touch.
        links: a folder of the attacker's.
    """

    def __init__(self, folder: Path, owner: str) -> None:
        group = grp.getgrnam(GROUP).gr_gid
        folder.chmod(0o755)
        self.site, self.home = folder / "site", folder / "home"
        self.store, self.links = self.site / "store", self.site / "links"
        for shared in (self.site, self.store, self.links):
            shared.mkdir()
            os.chown(shared, -1, group)
            shared.chmod(0o2770)
        self.home.mkdir(mode=0o700)
        number = pwd.getpwnam(owner).pw_uid
        os.chown(self.home, number, pwd.getpwnam(owner).pw_gid)
        assert run_as(owner, self._fill_home) == 0
        self.path = self.store / "users.json"
        assert run_as(VICTIM, lambda: self.commit_once("anna", wait=5)) == 1

    def make_links(self) -> None:
        """Give the attacker a hard link to each file of the home."""
        for path in self.home.iterdir():
            if path.is_file():
                os.link(path, self.links / path.name)

    def _fill_home(self) -> int:
        """Leave a store of the owner's own, and other files."""
        os.umask(0o077)
        self.home.joinpath("short").write_bytes(b"the owner's secret\n")
        self.home.joinpath("long").write_bytes(b'{"users": "secret"}\n' * 5000)
        self.home.joinpath("folder").mkdir()
        private = open_tinydb_store(self.home / "users.json")
        private.load()
        commit(private, user("private"))
        private.close()
        return 0

    def commit_once(self, name: str, wait: float = 0.05) -> int:
        """Open the store anew and change it; return the number of commits."""
        try:
            store = open_tinydb_store(self.path, wait=wait)
        except StoreError:
            return 0
        try:
            store.load()
            commit(store, user(name, location=f"L{os.urandom(4).hex()}"))
        except StoreError:
            return 0
        finally:
            store.close()
        return 1


def pause() -> None:
    """Let the other one come to any of its steps."""
    time.sleep(random.random() * 0.002)  # noqa: S311 - moments, not secrets


def swap_folder(site: Site, target: str = "") -> None:
    """Put a link to the home in the place of the store's folder, and the folder back."""
    aside = site.site / "aside"
    site.store.rename(aside)
    try:
        site.store.symlink_to(site.home / target)
        pause()
        site.store.unlink()
    finally:
        aside.rename(site.store)


def swap_file(name: str, target: str, kind: str) -> Callable[[Site], None]:
    """Make a function that puts a link to a file of the home in the place of a file, and back."""

    def swap(site: Site) -> None:
        names = [name]
        if name == "temporary":
            names = [one for one in os.listdir(site.store) if one.endswith(".new")]  # noqa: PTH208
        for one in names:
            real, aside = site.store / one, site.site / "aside"
            real.rename(aside)
            try:
                if kind == "link":
                    real.symlink_to(site.home / target)
                    pause()
                    real.unlink()
                else:
                    site.links.joinpath(target).rename(real)
                    pause()
                    real.rename(site.links / target)
            finally:
                aside.rename(real)

    return swap


SWAPS: dict[str, Callable[[Site], None]] = {
    "the folder": swap_folder,
    "the folder, no store": lambda site: swap_folder(site, "folder"),
    "users.json, hard link": swap_file("users.json", "users.json", "hard link"),
    "users.log, link": swap_file("users.log", "users.log", "link"),
    "users.lock, hard link": swap_file("users.lock", "short", "hard link"),
    "temporary file, hard link": swap_file("temporary", "long", "hard link"),
    "users.json, link": swap_file("users.json", "users.json", "link"),
    "users.log, hard link": swap_file("users.log", "users.log", "hard link"),
    "users.lock, link": swap_file("users.lock", "short", "link"),
    "users.lock, link to a lock": swap_file("users.lock", "users.lock", "link"),
    "temporary file, link": swap_file("temporary", "short", "link"),
}


@pytest.mark.parametrize("swap", sample_cases(SWAPS, [0, 2, 3, 5]))
@pytest.mark.parametrize("opens", ["anew", "once"])
def test_no_swap_during_commits_reaches_a_file_of_the_home(folder, swap, opens):
    site = Site(folder, VICTIM)
    if "hard link" in swap:
        site.make_links()
    before = tree(site.home)

    def commit_anew() -> int:
        return sum(site.commit_once("bo") for _ in range(TRIES))

    def commit_through_one() -> int:
        store = open_tinydb_store(site.path, wait=0.05)
        done = 0
        for number in range(TRIES):
            with suppress(StoreError):
                store.refresh()
                commit(store, user("bo", location=f"L{number}"))
                done += 1
        store.close()
        return done

    with attacking(lambda: SWAPS[swap](site)):
        run_as(VICTIM, commit_anew if opens == "anew" else commit_through_one)
    assert tree(site.home) == before


@pytest.mark.parametrize("owner", ["root", ATTACKER])
@pytest.mark.parametrize("what", ["folder", "users.json"])
def test_a_link_is_followed_only_if_root_or_oneself_made_it(folder, owner, what):
    site = Site(folder, VICTIM)
    link = site.links / "there"
    link.symlink_to(site.store if what == "folder" else site.path)
    os.chown(link, pwd.getpwnam(owner).pw_uid, -1, follow_symlinks=False)
    path = link / "users.json" if what == "folder" else link
    before, said = tree(folder), ""
    store = open_tinydb_store(path)
    try:
        assert set(users_of(store.load())) == {user().user_id}
        commit(store, user("bo"))
    except StoreError as error:
        said = str(error)
    store.close()
    assert (tree(folder) == before) is (owner == ATTACKER)
    assert ("link" in said and "there" in said) is (owner == ATTACKER)
    assert {one.name for one in site.links.iterdir()} == {"there"}


@pytest.mark.parametrize("swap", sample_cases(SWAPS, [0, 4]))
def test_no_swap_while_root_shares_a_store_gives_a_file_of_root_to_the_group(folder, swap):
    site = Site(folder, "root")
    if "hard link" in swap:
        site.make_links()
    before, refused = tree(site.home), 0
    with attacking(lambda: SWAPS[swap](site)):
        for _ in range(TRIES):
            try:
                store = open_tinydb_store(site.path, wait=0.05)
                store.maintenance.share(GROUP)
            except StoreError:
                refused += 1
    assert tree(site.home) == before
    assert refused < TRIES or swap != "the folder"


@pytest.mark.parametrize("name", ["users.json", "users.lock", "users.log.000002"])
@pytest.mark.parametrize("content", ["short", "long"])
def test_a_file_of_root_that_was_renamed_into_the_store_is_not_given_to_the_group(
    folder, name, content
):
    site = Site(folder, "root")
    renamed = site.store / name
    site.home.joinpath(content).rename(renamed)  # as if root had left it in the shared folder
    before = renamed.lstat()
    with suppress(StoreError):
        open_tinydb_store(site.path, wait=0.05).maintenance.share(GROUP)
    after = renamed.lstat()
    is_given = (after.st_mode, after.st_gid) != (before.st_mode, before.st_gid)
    assert not is_given or b"secret" not in renamed.read_bytes()


def test_another_user_reads_the_store_after_its_writer_was_killed(folder):
    """Without any right to write: the files of a killed writer are read as they are."""
    path = folder / "store" / "users.json"
    with writing(path) as acknowledged:
        wait_for_another(acknowledged, 20)
    least = acknowledged()
    for one in (folder, path.parent, *path.parent.iterdir()):
        one.chmod(0o755 if one.is_dir() else 0o644)

    def read() -> int:
        store = open_tinydb_store(path)
        store.load()
        assert is_moment_of_writing(store, least)
        assert store.state.number <= least + 1
        assert "no write permission" in store.read_only_reason
        assert not missing_changes(store)
        with suppress(StoreError):
            commit(store, user("cy"))
            return 2
        store.close()
        return 1

    before = tree(path.parent)
    assert run_as(ATTACKER, read) == 1
    assert tree(path.parent) == before
