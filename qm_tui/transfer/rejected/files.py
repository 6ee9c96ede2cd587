"""The files of an import's rejected records, written atomically.

Two files, both or none: the records that can be parsed, and the unreadable lines.
"""

import os
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, TypeVar

from qm_tui.directory import DirectorySyncError
from qm_tui.errors import UserError, os_error_text
from qm_tui.files import atomic_write
from qm_tui.paths import abbreviate_home
from qm_tui.progress import Phase, ProgressCallback
from qm_tui.text import pluralize, sanitize
from qm_tui.transfer.exporting.export import TargetExists
from qm_tui.transfer.reading.columns import Columns, field_for_column
from qm_tui.transfer.reading.csv_rows import CleanRowBatch, Row
from qm_tui.transfer.reading.dialect import Dialect
from qm_tui.transfer.reading.lines import LineBlock, raw_lines, read_lines, with_byte_order
from qm_tui.transfer.reading.reader import Values
from qm_tui.transfer.reading.record_rows import RecordRows
from qm_tui.transfer.rejected.names import free_path
from qm_tui.transfer.rejected.rows import RejectedCsvWriter, RejectedRowBuilder
from qm_tui.users.fields import FIELDS, Field

_MARKED: Final = ("utf-8-sig", "utf-16")
"""Encodings with a byte order mark."""

NOTHING_SAVED: Final = "Nothing was saved."
"""The consequence in error messages."""


@dataclass(frozen=True, slots=True)
class RejectedFilesResult:
    """The result of saving an import's rejected records.

    Attributes:
        rejected: the file of the records; None if none of them can be parsed.
        records: the number of records in it.
        unreadable: the file of the unreadable lines; None if there are none.
        lines: the number of lines in it.
        is_utf8: whether the records are in UTF-8 because the encoding of the imported file cannot
            represent all their characters.
    """

    rejected: Path | None
    records: int
    unreadable: Path | None
    lines: int
    is_utf8: bool

    @property
    def messages(self) -> list[str]:
        """The messages about it, safe for a terminal."""
        sentences = []
        if self.rejected:
            sentences.append(
                f"Saved {pluralize(self.records, 'rejected record')} to "
                f"{sanitize(abbreviate_home(self.rejected))}. Correct them there, then import "
                "that file."
            )
        if self.is_utf8:
            sentences.append(
                "The file is UTF-8 with BOM because the original encoding cannot represent all "
                "characters."
            )
        if self.unreadable:
            sentences.append(
                f"Saved {pluralize(self.lines, 'unreadable line')} unchanged to "
                f"{sanitize(abbreviate_home(self.unreadable))}."
            )
        return sentences


class SourceFile(NamedTuple):
    """The imported file, when it was read."""

    dialect: Dialect
    columns: Columns
    size: int
    signature: tuple[int, ...]


class TargetPaths(NamedTuple):
    """The paths of the new files."""

    rejected: Path
    unreadable: Path


@dataclass(frozen=True, slots=True)
class RejectedFilesWriter:
    """The saving of a file's rejected records."""

    path: Path
    source: SourceFile
    reasons: Mapping[int, str]
    corrections: Mapping[int, Values]
    targets: TargetPaths
    overwrite: bool
    progress: ProgressCallback

    def require_targets(self) -> None:
        """Check early that the files can be written.

        Raises:
            TargetExists: a file exists, and must not be overwritten.
            UserError: a path is the imported file, or is not a file.
        """
        for target in self.targets:
            if not os.path.lexists(target):
                continue
            if target.exists() and target.samefile(self.path):
                msg = (
                    f"{sanitize(abbreviate_home(target))} is the file being imported. "
                    f"{NOTHING_SAVED} Choose "
                    "another name."
                )
                raise UserError(msg)
            if not self.overwrite:
                raise self.target_exists_error()
            if not target.is_file():
                msg = (
                    f"{sanitize(abbreviate_home(target))} is not a file. {NOTHING_SAVED} Choose "
                    "another name."
                )
                raise UserError(msg)

    def target_exists_error(self) -> TargetExists:
        """Return the error for a file that exists."""
        existing = next(filter(os.path.lexists, self.targets), self.targets.rejected)
        free = free_path(self.targets.rejected)
        return TargetExists(
            f"{sanitize(abbreviate_home(existing))} already exists. {NOTHING_SAVED} Choose "
            "another name (for "
            f"example {sanitize(free.name)}), or overwrite it."
        )

    def write(self, encoding: str) -> RejectedFilesResult:
        """Save the files, with the records in this encoding.

        Raises:
            UnicodeEncodeError: the encoding cannot represent a character.
            OSError: a file cannot be written.
            UserError: the imported file has changed, or cannot be read.
        """
        dialect = self.source.dialect
        is_marked = encoding in _MARKED
        unreadable = array("q")
        output: RejectedCsvWriter | None = None
        written = matched = 0
        with self._opened() as file, ExitStack() as files:
            copied: list[int] = []
            files.push(partial(self._remove_copied, copied))
            self._require_unchanged(file)
            codec = "utf-8" if encoding == "utf-8-sig" else with_byte_order(encoding, file)
            rows = self._rows(file)
            sheet = RejectedRowBuilder(
                self._header(rows.header), self.source.columns, self._corrections()
            )
            for number, row in _numbered(rows, self.reasons):
                matched += 1
                if row.error and number not in self.corrections:
                    unreadable.append(row.line)
                    continue
                if output is None:
                    new = self._new(self.targets.rejected, files)
                    output = RejectedCsvWriter(
                        new,
                        codec,
                        dialect.delimiter,
                        is_marked=is_marked,
                        writes_sep_line=dialect.has_sep_line,
                    )
                    output.write(sheet.header)
                problems = output.reasons_cell(self.reasons[number])
                output.write(sheet.row(number, row.cells, problems))
                written += 1
            if output:
                output.flush()
            if matched < len(self.reasons):
                raise file_changed_error(self.path)
            if unreadable:
                copied.append(self._copy_lines(file, unreadable, files))
            self._require_unchanged(file)
        return RejectedFilesResult(
            self.targets.rejected if written else None,
            written,
            self.targets.unreadable if unreadable else None,
            len(unreadable),
            is_utf8=written > 0 and encoding != dialect.encoding,
        )

    def _opened(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except OSError as error:
            msg = (
                f"Cannot read {sanitize(abbreviate_home(self.path))}: {os_error_text(error)}. "
                f"{NOTHING_SAVED}"
            )
            raise UserError(msg) from error

    def _new(self, target: Path, files: ExitStack) -> BinaryIO:
        """Return a new file that is committed together with the others."""
        return files.enter_context(atomic_write(target, overwrite=self.overwrite))

    def _rows(self, file: BinaryIO) -> RecordRows:
        dialect, progress, size = self.source.dialect, self.progress, self.source.size

        def with_progress() -> Iterator[LineBlock]:
            for lines in read_lines(file, dialect.encoding, dialect.end):
                progress(Phase.READING, lines.done, size)
                yield lines

        rows = RecordRows(_reading(with_progress(), self.path), dialect)
        rows.expect(self.source.columns)
        return rows

    def _header(self, header: Row | None) -> list[str]:
        """Return the cells of the header; our own if the file has none."""
        if header is None:
            return [field.header for field in FIELDS]
        fields = chain(self.source.columns.fields, repeat(None))
        return [_name_of(cell, field) for cell, field in zip(header.cells, fields, strict=False)]

    def _corrections(self) -> dict[int, Values]:
        """Return the corrections of records that are still rejected."""
        return {
            number: values for number, values in self.corrections.items() if number in self.reasons
        }

    def _copy_lines(self, file: BinaryIO, lines: Sequence[int], files: ExitStack) -> int:
        """Copy the unreadable lines, and return the inode number of the new file."""
        encoding = self.source.dialect.encoding
        copy = self._new(self.targets.unreadable, files)
        if encoding == "utf-16" and lines[0] != 1:
            # without a byte order mark, programs cannot detect the encoding
            copy.write("\ufeff".encode(with_byte_order(encoding, file)))
        for part in _reading(raw_lines(file, encoding, lines), self.path):
            copy.write(part)
            self.progress(Phase.READING, file.tell(), self.source.size)
        return os.fstat(copy.fileno()).st_ino

    def _remove_copied(
        self, copied: Sequence[int], _kind: object, error: BaseException | None, _trace: object
    ) -> None:
        """Remove the file of lines if the file of records could not be committed after it."""
        if not copied or error is None or isinstance(error, DirectorySyncError):
            return
        with suppress(OSError):
            if self.targets.unreadable.stat().st_ino == copied[0]:
                self.targets.unreadable.unlink()

    def _require_unchanged(self, file: BinaryIO) -> None:
        if _signature(file) != self.source.signature:
            raise file_changed_error(self.path)


_T = TypeVar("_T")


def _numbered(rows: RecordRows, wanted: Mapping[int, str]) -> Iterator[tuple[int, Row]]:
    """Yield the wanted rows with the numbers of their records."""
    number = 0
    for rows_or_row in rows:
        if isinstance(rows_or_row, CleanRowBatch):
            numbers = range(number + 1, number + 1 + len(rows_or_row.rows))
            if not wanted.keys().isdisjoint(numbers):
                pairs = zip(numbers, rows_or_row.single_rows(), strict=True)
                yield from (pair for pair in pairs if pair[0] in wanted)
            number += len(rows_or_row.rows)
        else:
            number += 1
            if number in wanted:
                yield number, rows_or_row


def _reading(source: Iterable[_T], path: Path) -> Iterator[_T]:
    """Yield from the imported file.

    Raises:
        UserError: it cannot be read.
    """
    try:
        yield from source
    except OSError as error:
        msg = (
            f"Cannot read {sanitize(abbreviate_home(path))} to the end: {os_error_text(error)}. "
            f"{NOTHING_SAVED}"
        )
        raise UserError(msg) from error


def _signature(file: BinaryIO) -> tuple[int, ...]:
    status = os.fstat(file.fileno())
    return status.st_ino, status.st_size, status.st_mtime_ns


def file_changed_error(path: Path) -> UserError:
    """Return the error for an imported file that has changed in the meantime."""
    return UserError(
        f"{sanitize(abbreviate_home(path))} has changed since it was read. {NOTHING_SAVED} Import "
        "it again."
    )


def _name_of(cell: str, field: Field | None) -> str:
    """Return a column name that an import without a mapping maps to the same field, or to none."""
    named_field = field_for_column(cell)
    if field is None:
        return f"Left out: {cell}" if named_field is not None else cell
    has_same_header = named_field is not None and named_field.header == field.header
    return cell if has_same_header else field.name
