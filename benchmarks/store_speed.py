"""How long the store takes to edit, commit, open and write its file, beside stated references.

    python -m benchmarks.store_speed [USERS] [RUNS]

Each piece of work runs in a process of its own, so that none pays for another's garbage. The runs
of a piece and of its reference take turns, so that a machine that slows down slows down both; what
is printed are medians and the ratio of the medians. Then another thread ticks each millisecond
while the store works, and writes users.json in the background: its longest gap is how long a key
would have to wait.
"""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from subprocess import PIPE, run
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

HERE = Path(__file__).parent
FEW = 1000
EDITS = 200
GAP_RUNS = 5
LONGEST_GAP = 0.05

Command = list[str]


class Compared(NamedTuple):
    """A piece of work and its reference.

    Attributes:
        what: what is done.
        command: what does it.
        beside: what the reference is.
        reference: what does that.
        most: how many times as long as the reference it may take; 0 where nothing is promised.
        least: how many times faster than the reference it must be; 0 where nothing is promised.
    """

    what: str
    command: Callable[[int], Command]
    beside: str
    reference: Callable[[int], Command]
    most: float = 0
    least: float = 0


def work(*arguments: object) -> Command:
    """A command that does a piece of work."""
    return [sys.executable, "-m", "benchmarks.store_work", *map(str, arguments)]


def reference(name: str, *arguments: object) -> Command:
    """A command that does a reference."""
    return [sys.executable, str(HERE / "reference" / f"{name}.py"), *map(str, arguments)]


def said(command: Command) -> dict[str, Any]:
    """What a command prints."""
    done = run(command, check=True, stdout=PIPE, cwd=HERE.parent)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


class Stores:
    """Stores of the same users, and what the references need.

    Args:
        folder: where to make them.
        users: how many users.
    """

    def __init__(self, folder: Path, users: int) -> None:
        self.folder = folder
        self.made = folder / "made" / "users.json"
        said(work("make", self.made, users))
        self.edited = self._copy(self.made, "edited")
        self.log_only = self._copy(self.made, "log-only")
        self.log_only.unlink()
        self.plain = folder / "plain.json"
        shutil.copyfile(self.made, self.plain)
        self.database = folder / "users.sqlite"
        said(reference("sqlite_edit", self.made, self.database, 1))

    def _copy(self, path: Path, name: str) -> Path:
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(path.parent, folder)
        return folder / path.name

    def edits(self, run_number: int) -> Command:
        """Edits of single users."""
        return work("edit", self.edited, EDITS if run_number else 1)

    def commit(self, _run: int) -> Command:
        """A commit of all users as new ones, as an import does that judged them for its plan."""
        shutil.rmtree(self.made.with_name("commit"), ignore_errors=True)
        return work("commit", self.made, 1)

    def commit_judged_there(self, _run: int) -> Command:
        """The same, where the rules are asked in the commit."""
        shutil.rmtree(self.made.with_name("commit"), ignore_errors=True)
        return work("commit", self.made, 0)

    def rewrite(self, _run: int) -> Command:
        """Rewriting users.json after an edit."""
        return work("rewrite", self.edited, 0)

    def edit_beside_sqlite(self, named: str) -> Compared:
        """An edit beside one of SQLite."""
        return Compared(
            f"durable edit, {named} users",
            self.edits,
            "sqlite3, WAL, synchronous=FULL",
            lambda _: reference("sqlite_edit", self.made, self.database, EDITS),
            most=3,
        )

    def edit_beside_tinydb(self, named: str, edits: int, least: float) -> Compared:
        """An edit beside one of TinyDB alone."""
        return Compared(
            f"durable edit, {named} users",
            self.edits,
            "TinyDB's JSONStorage",
            lambda _: reference("tinydb_edit", self.plain, edits),
            least=least,
        )

    def compared(self, named: str) -> list[Compared]:
        """What is compared at many users."""
        loads = reference("load_users", self.made)
        dump = reference("dump_users", self.made, self.folder / "dumped")
        return [
            Compared(
                f"commit of {named} new users",
                self.commit,
                "orjson.dumps + write + fsync",
                lambda _: dump,
                most=3.5,
            ),
            Compared(
                "the same, rules asked there",
                self.commit_judged_there,
                "orjson.dumps + write + fsync",
                lambda _: dump,
            ),
            Compared(
                f"open, {named}, from the snapshot",
                lambda _: work("open", self.made, 0),
                "orjson.loads of the snapshot",
                lambda _: loads,
                most=1.5,
            ),
            Compared(
                f"open, {named}, all in the log",
                lambda _: work("open", self.log_only, 0),
                "orjson.loads of the snapshot",
                lambda _: loads,
            ),
            Compared(
                f"rewriting users.json, {named} users",
                self.rewrite,
                "orjson.dumps + write + fsync",
                lambda _: dump,
            ),
        ]


def compare(pieces: list[Compared], runs: int) -> list[tuple[list[float], list[float]]]:
    """The seconds of each piece and of its reference; the first run fills the caches."""
    taken: list[tuple[list[float], list[float]]] = [([], []) for _ in pieces]
    for number in range(runs + 1):
        for piece, (ours, theirs) in zip(pieces, taken, strict=True):
            mine, other = said(piece.command(number)), said(piece.reference(number))
            if number:
                ours.append(mine["seconds"])
                theirs.append(other["seconds"])
    return taken


def line(piece: Compared, ours: list[float], theirs: list[float]) -> str:
    """A line of the table."""
    ratio = median(ours) / median(theirs)
    verdict = ""
    if piece.most:
        verdict = f"target <= {piece.most:.1f} x" + ("" if ratio <= piece.most else "  MISSED")
    elif piece.least:
        is_met = 1 / ratio >= piece.least
        verdict = f"target >= {piece.least:,.0f} x" + ("" if is_met else "  MISSED")
    said_ratio = f"{1 / ratio:,.0f} x faster" if piece.least else f"{ratio:.2f} x"
    return (
        f"  {piece.what:<38}{1000 * median(ours):10.3f} ms  beside "
        f"{1000 * median(theirs):10.3f} ms of {piece.beside:<31}{said_ratio:>15}   {verdict}"
    )


def gaps(stores: Stores) -> Iterator[str]:
    """The lines about the longest gaps."""
    pieces: dict[str, Callable[[int], Command]] = {
        f"{EDITS} edits": stores.edits,
        "commit": stores.commit,
        "open, from the snapshot": lambda _: work("open", stores.made, 0),
        "open, all in the log": lambda _: work("open", stores.log_only, 0),
        "an edit, and users.json rewritten": stores.rewrite,
    }
    for what, command in pieces.items():
        found = [said([*command(number + 1), "--ticking"]) for number in range(GAP_RUNS)]
        of_all = [one["gap"] for one in found]
        where = max(found, key=lambda one: one["gap"])["where"]
        verdict = "target <= 50 ms" + ("" if median(of_all) <= LONGEST_GAP else "  MISSED")
        yield (
            f"  {what:<38}{1000 * median(of_all):10.1f} ms  at most "
            f"{1000 * max(of_all):6.1f} ms  {verdict}   longest at {where or 'no place of ours'}"
        )


def main(users: int = 100_000, runs: int = 7) -> None:
    """Measure, and print a table."""
    with TemporaryDirectory() as name:
        few = Stores(Path(name) / "few", FEW)
        many = Stores(Path(name) / "many", users)
        pieces = [
            few.edit_beside_sqlite(f"{FEW:,}"),
            few.edit_beside_tinydb(f"{FEW:,}", edits=10, least=0),
            many.edit_beside_sqlite(f"{users:,}"),
            many.edit_beside_tinydb(f"{users:,}", edits=1, least=1000),
            Compared(
                f"durable edit, {users:,} users", many.edits, f"{FEW:,} users", few.edits, most=1.5
            ),
            *many.compared(f"{users:,}"),
        ]
        print(f"{users:,} users, medians of {runs} interleaved runs")
        for piece, (ours, theirs) in zip(pieces, compare(pieces, runs), strict=True):
            print(line(piece, ours, theirs))
        print(f"longest gap of a thread that ticks each millisecond, median of {GAP_RUNS} runs")
        for one in gaps(many):
            print(one)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
