"""Duration of the operations of the store: edit, commit, open and write, with references.

    python -m benchmarks.store_speed [USERS] [RUNS]

Each operation runs in its own process, so that the garbage of others does not slow it down. The
runs of an operation and of its reference alternate, so that changes in the speed of the machine
affect both. Prints medians and their ratios. Then a second thread ticks every millisecond while the
store works and writes users.json in the background: its longest gap is the wait of a key.
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
    """An operation and its reference.

    Attributes:
        what: the name of the operation.
        command: returns its command.
        beside: the name of the reference.
        reference: returns its command.
        most: the maximum ratio of the operation to the reference; 0 if nothing is promised.
        least: the minimum ratio of the reference to the operation; 0 if nothing is promised.
    """

    what: str
    command: Callable[[int], Command]
    beside: str
    reference: Callable[[int], Command]
    most: float = 0
    least: float = 0


def work(*arguments: object) -> Command:
    """Return the command of an operation."""
    return [sys.executable, "-m", "benchmarks.store_work", *map(str, arguments)]


def reference(name: str, *arguments: object) -> Command:
    """Return the command of a reference."""
    return [sys.executable, str(HERE / "reference" / f"{name}.py"), *map(str, arguments)]


def said(command: Command) -> dict[str, Any]:
    """Run a command, and return the JSON that it prints."""
    done = run(command, check=True, stdout=PIPE, cwd=HERE.parent)
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


class Stores:
    """Stores with the same users, and the files of the references.

    Args:
        folder: the folder for them.
        users: the number of users.
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
        """Edit single users."""
        return work("edit", self.edited, EDITS if run_number else 1)

    def commit(self, _run: int) -> Command:
        """Commit all users as new ones, as an import that has already validated them."""
        shutil.rmtree(self.made.with_name("commit"), ignore_errors=True)
        return work("commit", self.made, 1)

    def commit_judged_there(self, _run: int) -> Command:
        """Commit all users as new ones, with validation in the commit."""
        shutil.rmtree(self.made.with_name("commit"), ignore_errors=True)
        return work("commit", self.made, 0)

    def rewrite(self, _run: int) -> Command:
        """Rewrite users.json after an edit."""
        return work("rewrite", self.edited, 0)

    def edit_beside_sqlite(self, named: str) -> Compared:
        """Compare an edit with one in SQLite."""
        return Compared(
            f"durable edit, {named} users",
            self.edits,
            "sqlite3, WAL, synchronous=FULL",
            lambda _: reference("sqlite_edit", self.made, self.database, EDITS),
            most=3,
        )

    def edit_beside_tinydb(self, named: str, edits: int, least: float) -> Compared:
        """Compare an edit with one in TinyDB."""
        return Compared(
            f"durable edit, {named} users",
            self.edits,
            "TinyDB's JSONStorage",
            lambda _: reference("tinydb_edit", self.plain, edits),
            least=least,
        )

    def compared(self, named: str) -> list[Compared]:
        """Return the comparisons with many users."""
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
                "commit with validation",
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
                f"rewrite of users.json, {named} users",
                self.rewrite,
                "orjson.dumps + write + fsync",
                lambda _: dump,
            ),
        ]


def compare(pieces: list[Compared], runs: int) -> list[tuple[list[float], list[float]]]:
    """Return the durations of each operation and of its reference in seconds."""
    durations: list[tuple[list[float], list[float]]] = [([], []) for _ in pieces]
    for number in range(runs + 1):
        for piece, (ours, theirs) in zip(pieces, durations, strict=True):
            own, other = said(piece.command(number)), said(piece.reference(number))
            if number:  # the first run fills the caches
                ours.append(own["seconds"])
                theirs.append(other["seconds"])
    return durations


def line(piece: Compared, ours: list[float], theirs: list[float]) -> str:
    """Return a line of the table."""
    ratio = median(ours) / median(theirs)
    verdict = ""
    if piece.most:
        verdict = f"target <= {piece.most:.1f} x" + ("" if ratio <= piece.most else "  MISSED")
    elif piece.least:
        is_met = 1 / ratio >= piece.least
        verdict = f"target >= {piece.least:,.0f} x" + ("" if is_met else "  MISSED")
    ratio_text = f"{1 / ratio:,.0f} x faster" if piece.least else f"{ratio:.2f} x"
    return (
        f"  {piece.what:<38}{1000 * median(ours):10.3f} ms  vs. "
        f"{1000 * median(theirs):10.3f} ms of {piece.beside:<31}{ratio_text:>15}   {verdict}"
    )


def gaps(stores: Stores) -> Iterator[str]:
    """Yield the lines about the longest gaps."""
    pieces: dict[str, Callable[[int], Command]] = {
        f"{EDITS} edits": stores.edits,
        "commit": stores.commit,
        "open, from the snapshot": lambda _: work("open", stores.made, 0),
        "open, all in the log": lambda _: work("open", stores.log_only, 0),
        "edit, and rewrite of users.json": stores.rewrite,
    }
    for what, command in pieces.items():
        results = [said([*command(number + 1), "--ticking"]) for number in range(GAP_RUNS)]
        longest = [result["gap"] for result in results]
        where = max(results, key=lambda result: result["gap"])["where"]
        verdict = "target <= 50 ms" + ("" if median(longest) <= LONGEST_GAP else "  MISSED")
        yield (
            f"  {what:<38}{1000 * median(longest):10.1f} ms  maximum "
            f"{1000 * max(longest):6.1f} ms  {verdict}   longest at {where or 'unknown'}"
        )


def main(users: int = 100_000, runs: int = 7) -> None:
    """Run the benchmark, and print the results."""
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
        print(f"longest gap of a thread that ticks every millisecond, median of {GAP_RUNS} runs")
        for text in gaps(many):
            print(text)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
