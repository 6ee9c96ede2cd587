"""Write the table of docs/limits.md from the constants of the program.

python -m scripts.make_limits_page
"""

from pathlib import Path
from typing import Final

from qm_tui import toml_files
from qm_tui.cli.shared.import_report import MAX_RECORDS
from qm_tui.config import saved_views
from qm_tui.config.settings import Settings
from qm_tui.store.changes.mass_change import MIN_AFFECTED, SHARE
from qm_tui.store.postgres.writing import MAX_KEY
from qm_tui.transfer.mapping import mapping_file
from qm_tui.transfer.planning.plan import MAX_ISSUES, MAX_LISTED
from qm_tui.transfer.reading.csv_rows import MAX_ROW
from qm_tui.transfer.reading.lines import MAX_LINE
from qm_tui.tui.terminal.clipboard import MAX_BYTES
from qm_tui.tui.transfer.preview.mapping import draft
from qm_tui.tui.widgets.text_area import MAX_CHARACTERS, MAX_LINES
from qm_tui.tui.widgets.too_small import MIN_SIZE
from qm_tui.tui.work.key_queue import MAX_WAIT
from qm_tui.users.fields import FIELDS, MAX_VALUE
from qm_tui.users.query.filter_parser import MAX_FILTER_LENGTH
from qm_tui.users.query.views import MAX_NAME
from scripts.splice import spliced, table

PAGE: Final = Path(__file__).parents[1] / "docs" / "limits.md"

_REJECTED: Final = "The record is rejected, with its line."
_DEFAULT: Final = Settings()

_LIMITS: Final = {
    "Users": (
        (
            "Users in a store in a file",
            "measured with 100,000",
            "There is no fixed limit. Every open program holds all users in memory: 172 MB.",
        ),
        (
            "Users in a store on a PostgreSQL server",
            "measured with 1,000,000",
            "There is no fixed limit. A program holds the rows on the screen: 112 MB.",
        ),
        ("Fields of a user", f"{len(FIELDS)}", "Other columns of a file are named and ignored."),
        ("A value", f"{MAX_VALUE:,} characters", "An error, in forms and files alike."),
        (
            "User ID and User Name on a PostgreSQL server",
            f"{MAX_KEY:,} bytes",
            "The change is not saved. `qm-tui copy` names such users before it begins.",
        ),
    ),
    "Users files": (
        (
            "Size, number of records",
            "none",
            "A file is read in parts. A dry run of 1,000,000 users needs 341 MB.",
        ),
        ("A line", f"{MAX_LINE:,} characters", _REJECTED),
        ("A record over several lines", f"{MAX_ROW:,} characters", _REJECTED),
        (
            "Records listed in the preview",
            f"the first {MAX_LISTED:,}",
            "All records are validated, counted and imported.",
        ),
        ("Problems listed one by one", f"the first {MAX_ISSUES:,}", "All problems are counted."),
        (
            "Records in `import --json`",
            f"the first {MAX_RECORDS:,}",
            "All are counted; `…_omitted` has the number of the others.",
        ),
        ("A column mapping", f"{mapping_file.MAX_SIZE // 1024} KB", "A larger one is refused."),
        (
            "Values of a column listed in its mapping",
            f"the first {draft.MAX_VALUES}",
            "Set one for all other values.",
        ),
    ),
    "Changes": (
        (
            "A mass change",
            f"more than {SHARE:.0%} of the users, and at least {MIN_AFFECTED}",
            "It must be confirmed with the number of users.",
        ),
        (
            "Undo in a file",
            f"{_DEFAULT.history_days:g} days, {_DEFAULT.history_megabytes / 1024:g} GB",
            "Older transactions stay in Activity, but cannot be undone. Both are settings.",
        ),
        (
            "Undo on a PostgreSQL server",
            "none",
            "Its owner removes old history.",
        ),
        (
            "Programs that write to a file at the same time",
            "1",
            f"The others wait for {_DEFAULT.lock_wait_seconds:g} seconds (a setting), then "
            "report who is writing. Nothing is changed.",
        ),
    ),
    "Terminal UI": (
        (
            "Size of the terminal",
            f"at least {MIN_SIZE.width}x{MIN_SIZE.height}",
            "A message covers the screen. Nothing that you typed is lost.",
        ),
        ("A filter", f"{MAX_FILTER_LENGTH:,} characters", "An error below the filter."),
        ("Name of a view", f"{MAX_NAME} characters", "The field accepts no more."),
        ("All saved views", f"{saved_views.MAX_SIZE // 1024} KB", "The view is not saved."),
        (
            "A pasted list of users",
            f"{MAX_LINES:,} lines, {MAX_CHARACTERS:,} characters",
            "Nothing is pasted. Paste it in parts.",
        ),
        ("A copy to the clipboard", f"{MAX_BYTES:,} bytes", "Nothing is copied."),
        ("Keys typed ahead", f"{MAX_WAIT:g} seconds", "They are dropped with a notice."),
    ),
    "Settings": (
        (
            "`settings.toml`",
            f"{toml_files.MAX_SIZE // 1024} KB",
            "The program does not start. The message names the file.",
        ),
    ),
}
"""The limits by area: what, how much, and what happens beyond. Measured values have a figure."""


def limits() -> str:
    """Return the table of limits."""
    rows = [("Area", "What", "Limit", "Beyond it")]
    for area, found in _LIMITS.items():
        for number, cells in enumerate(found):
            rows.append((area if number == 0 else "", *cells))
    return table(*rows)


def page() -> str:
    """Return the page with the present limits."""
    return spliced(PAGE, "limits", limits())


if __name__ == "__main__":
    PAGE.write_text(page())
