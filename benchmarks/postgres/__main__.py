"""Figures of a store on a PostgreSQL server, beside those of other stores and of bare SQL.

    python -m benchmarks.postgres [--users USERS] [--plans MILLISECONDS] [SECTION...]

Starts a server of its own, which syncs to the disk, and makes a store of USERS (default:
1,000,000). Prints the medians of each section, or of those that are named; the order is that of
the list:

    first    the first users on the screen, beside the TinyDB store with 100,000 users
    windows  the users after and before a random user, in several orders
    filters  a key in the filter: the first users, and their number
    groups   the counts of the pages that count
    memory   the memory of a process that turns pages, filters and counts
    idle     the CPU time that 100 idle programs cost the server
    edit     an edit beside the bare statements in psql
    import   an import of up to 100,000 records and its undo, beside the bare statements in psql

With `--plans`, also prints the plans of statements that take at least so many milliseconds.
"""

import re
import sys
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Callable
from textwrap import shorten
from typing import Final

from benchmarks.postgres.changes import measure_edits, measure_import
from benchmarks.postgres.made import Made, made_store
from benchmarks.postgres.processes import measure_first, measure_idle, measure_memory
from benchmarks.postgres.questions import measure_filters, measure_groups, measure_windows

SECTIONS: Final[dict[str, Callable[[Made], None]]] = {
    "first": measure_first,
    "windows": measure_windows,
    "filters": measure_filters,
    "groups": measure_groups,
    "memory": measure_memory,
    "idle": measure_idle,
    "edit": measure_edits,
    "import": measure_import,
}

_ENTRY: Final = re.compile(
    r"^\d{4}-\d\d-\d\d [^\n]*duration: ([\d.]+) ms  plan:\n((?:\t[^\n]*\n)+)", re.MULTILINE
)
_FIRST_NODE: Final = re.compile(r"^\t\S[^\n]*\(cost=", re.MULTILINE)
_SHOWN: Final = 600
"""The characters of a statement that are printed."""

_LEAST: Final = 1000
"""The users of the smallest store."""

_SLOWEST: Final = 2
"""The plans of one statement that are printed."""


def print_plans(log: str) -> None:
    """Print the plans in a part of the server's log: the slowest of each statement."""
    plans: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for milliseconds, text in _ENTRY.findall(log):
        at = _FIRST_NODE.search(text)
        assert at, text
        statement = " ".join(text[: at.start()].split())
        plans[statement].append((float(milliseconds), text[at.start() :]))
    for statement, logged in plans.items():
        print(f"{len(logged)} times {shorten(statement, _SHOWN)}")
        for duration, plan in sorted(logged, reverse=True)[:_SLOWEST]:
            print(f"  {duration:,.0f} ms\n{plan}")
    print(flush=True)


def main(arguments: list[str]) -> None:
    """Run the benchmark, and print the results."""
    parser = ArgumentParser(prog="python -m benchmarks.postgres")
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--plans", type=int)
    parser.add_argument("sections", nargs="*", choices=[[], *SECTIONS], metavar="SECTION")
    options = parser.parse_args(arguments)
    if options.users < _LEAST:
        parser.error(f"--users must be at least {_LEAST:,}")
    with made_store(options.users) as made:
        if options.plans is not None:
            made.explain_from(options.plans)
        for name, measure in SECTIONS.items():
            if name in options.sections or not options.sections:
                logged = len(made.server.log())
                measure(made)
                if options.plans is not None:
                    print_plans(made.server.log()[logged:])


if __name__ == "__main__":
    main(sys.argv[1:])
