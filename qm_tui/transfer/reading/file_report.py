"""What was detected in a file, and the messages about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from qm_tui.errors import UserError
from qm_tui.text import listed, pluralize, sanitize
from qm_tui.transfer.reading.columns import Columns
from qm_tui.transfer.reading.csv_rows import Row
from qm_tui.transfer.reading.dialect import Dialect
from qm_tui.transfer.reading.read_options import ColumnMapping, ReadOptions
from qm_tui.transfer.reading.record_rows import RecordRows
from qm_tui.transfer.reading.samples import sample_values
from qm_tui.users.fields import FIELD, FIELDS

_NAMED: Final = 10
"""Column names or lines in a sentence before the others are only counted."""

NO_NAMES: Final = "No column names are recognized. Map the columns to fields."
_PHONE: Final = FIELD["phone_ip"]
_SECONDARY_PHONE: Final = FIELD["secondary_phone_ip"]


class FileChanged(UserError):
    """A file was written while it was imported."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{sanitize(str(path))} changed during the import. Nothing was "
            "imported. Import it again."
        )


class MappingRequired(UserError):
    """The names in the header are not known, so the columns cannot be imported by name."""

    def __init__(self, path: Path, line: int) -> None:
        super().__init__(
            f"{sanitize(str(path))}, line {line}: most column names are unknown. Nothing was "
            "imported. Map the columns with --mapping FILE, or use --header no if the file has no "
            "header."
        )


def _columns_text(columns: Columns, mapping: ColumnMapping) -> list[str]:
    """Return which fields have a column, which have none, and which columns are ignored."""
    absent, given = columns.absent, mapping.given
    parts = [f"{len(FIELDS) - len(absent)} of {len(FIELDS)} columns"]
    others = [field for field in absent if field not in given]
    required = [field.name for field in others if field.required]
    optional = [field.name for field in others if not field.required]
    set_by_mapping = [field.name for field in FIELDS if field in given]
    for label, names in (
        ("missing required", required),
        ("ignored", columns.ignored),
        ("ignored by mapping", columns.unmapped),
        ("missing", optional),
        ("set for new users", set_by_mapping),
    ):
        if names:
            parts.append(f"{label}: {_quoted_list(names)}")
    sentences = ["; ".join(parts) + "."]
    if mapping.name:
        sentences.append(f"Columns mapped with “{sanitize(mapping.name, 60)}”.")
    if columns.ignored and _PHONE not in absent and _SECONDARY_PHONE in absent:
        sentences.append(
            f"Only one column is {_PHONE.name}, the first of the two. If it is the second, name it "
            f"{_SECONDARY_PHONE.name}."
        )
    if columns.ignored and len(absent) == len(FIELDS):
        sentences.append(NO_NAMES)
    return sentences


def _lines_text(action: str, lines: Sequence[int], place: str) -> str:
    """Return what was done on which lines, for example `Skipped lines 1 and 2.`."""
    more = len(lines) - _NAMED
    numbers = [f"{line:,}" for line in lines[:_NAMED]]
    named = f"{', '.join(numbers)} and {more:,} more" if more > 0 else listed(numbers)
    return f"{action} {'line' if len(lines) == 1 else 'lines'} {named}{place}."


def _quoted_list(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    named = ", ".join(sanitize(name, 40) for name in names[:_NAMED])
    return f"{named} and {more} more" if more > 0 else named


@dataclass
class FileReport:
    """What was detected in a file, and what was set by options, to be shown to the admin.

    Attributes:
        dialect: encoding, delimiter and header.
        columns: the columns of the fields.
        read_options: the options for reading the file.
        sample_values: up to three values of each column in the header; never what is or may be a
            secret.
        samples: words beyond ASCII, to check a detected encoding. Never of a secret.
        skipped_lines: the lines above the header that are no records.
        repeated_headers: the lines so far on which the header is repeated.
        marked_lines: the lines so far that began with a byte order mark.
        blank: the number of blank rows, once all records have been read.
        short: likewise, the number of records without their last cells.
        incomplete: likewise, why the file seems to be incomplete; empty if it does not.
        lacks_line_end: likewise, whether its last value may be incomplete.
    """

    dialect: Dialect
    columns: Columns
    read_options: ReadOptions = field(default_factory=ReadOptions)
    sample_values: tuple[tuple[str, ...], ...] = ()
    samples: list[str] = field(default_factory=list)
    skipped_lines: Sequence[int] = ()
    repeated_headers: Sequence[int] = ()
    marked_lines: Sequence[int] = ()
    blank: int = 0
    short: int = 0
    incomplete: str = ""
    lacks_line_end: bool = False

    def require_known_names(self, path: Path) -> None:
        """Require a header with known names, so that the columns can be imported by name.

        Raises:
            MappingRequired: its names are not known.
        """
        if self.dialect.has_unknown_names:
            raise MappingRequired(path, self.dialect.header_line)

    @property
    def possibly_incomplete(self) -> str:
        """Why the file may be incomplete, as a sentence; empty if it is not."""
        if self.lacks_line_end and not self.incomplete:
            return "The file ends without a line end, so it may be incomplete."
        return self.incomplete

    @property
    def needs_mapping(self) -> bool:
        """Whether required fields have no column, and the header has columns without a field."""
        columns, mapping = self.columns, self.read_options.mapping
        given = mapping.given if mapping else ()
        return bool(columns.ignored) and any(
            field.required and field not in given for field in columns.absent
        )

    @property
    def dialect_text(self) -> str:
        """The encoding, the delimiter and the header, and which of them are set by options."""
        dialect, options = self.dialect, self.read_options
        header = f"header in line {dialect.header_line}" if dialect.has_header else "no header"
        parts = (
            (dialect.encoding_name, options.encoding),
            (dialect.delimiter_name, options.delimiter),
            (header, options.header is not None),
        )
        text = ", ".join(f"{text}{' (set manually)' if is_set else ''}" for text, is_set in parts)
        return f"Read as {text}{'' if dialect.has_header else '; columns in standard order'}."

    @property
    def messages(self) -> list[str]:
        """The findings as sentences, safe for a terminal."""
        sentences = [self.incomplete] if self.incomplete else []
        sentences.append(self.dialect_text)
        if self.samples:
            sentences.append(f"Samples: {', '.join(map(sanitize, self.samples))}.")
        if self.dialect.has_header:
            sentences += _columns_text(self.columns, self.read_options.mapping or ColumnMapping())
        for action, lines, place in (
            ("Skipped", self.skipped_lines, " above the header"),
            ("Skipped the repeated header in", self.repeated_headers, ""),
            ("Removed a byte order mark from", self.marked_lines, ""),
        ):
            if lines:
                sentences.append(_lines_text(action, lines, place))
        if self.dialect.end is not None:
            sentences.append("Ignored a Ctrl+Z at the end of the file.")
        if self.blank:
            sentences.append(f"Skipped {pluralize(self.blank, 'blank line')}.")
        return sentences


def report_on(
    rows: RecordRows,
    dialect: Dialect,
    columns: Columns,
    read_options: ReadOptions,
    first: Sequence[Row],
) -> FileReport:
    """Return what is known of a file before its records are read; its lines are those of `rows`.

    Args:
        rows: the records of the file.
        dialect: its format.
        columns: its columns.
        read_options: the options for reading it.
        first: its first records, for samples.
    """
    return FileReport(
        dialect,
        columns,
        read_options,
        sample_values(columns, first),
        skipped_lines=rows.skipped,
        repeated_headers=rows.repeated,
        marked_lines=rows.marked,
    )
