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

from qm_tui.directory import NotDurable
from qm_tui.errors import Refused, reason
from qm_tui.files import replacing
from qm_tui.paths import short
from qm_tui.progress import Phase, Tick
from qm_tui.text import counted, visible
from qm_tui.transfer.exporting.export import AlreadyThere
from qm_tui.transfer.reading.columns import Columns, field_of_column
from qm_tui.transfer.reading.csv_rows import CleanRows, Row, Rows
from qm_tui.transfer.reading.dialect import Dialect
from qm_tui.transfer.reading.lines import Lines, lines_of, raw_lines, with_byte_order
from qm_tui.transfer.reading.reader import Values
from qm_tui.transfer.rejected.names import free_path
from qm_tui.transfer.rejected.rows import Sheet, SheetFile
from qm_tui.users.fields import FIELDS, Field

_MARKED: Final = ("utf-8-sig", "utf-16")
"""Encodings with a byte order mark."""

NOTHING_SAVED: Final = "Nothing was saved."
"""The consequence in error messages."""


@dataclass(frozen=True, slots=True)
class Saved:
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
    def sentences(self) -> list[str]:
        """The messages about it, safe for a terminal."""
        sentences = []
        if self.rejected:
            sentences.append(
                f"Saved {counted(self.records, 'rejected record')} to "
                f"{visible(short(self.rejected))}. Correct them there, then import that file."
            )
        if self.is_utf8:
            sentences.append(
                "The file is UTF-8 with BOM because the original encoding cannot represent all "
                "characters."
            )
        if self.unreadable:
            sentences.append(
                f"Saved {counted(self.lines, 'unreadable line')} unchanged to "
                f"{visible(short(self.unreadable))}."
            )
        return sentences


class Known(NamedTuple):
    """The imported file as it was read."""

    dialect: Dialect
    columns: Columns
    size: int
    signature: tuple[int, ...]


class Targets(NamedTuple):
    """The paths of the new files."""

    rejected: Path
    unreadable: Path


@dataclass(frozen=True, slots=True)
class Saving:
    """The saving of a file's rejected records."""

    path: Path
    known: Known
    problems: Mapping[int, str]
    corrections: Mapping[int, Values]
    targets: Targets
    overwrite: bool
    tick: Tick

    def require_place(self) -> None:
        """Check early that the files can be written.

        Raises:
            AlreadyThere: a file exists, and must not be overwritten.
            Refused: a path is the imported file, or is not a file.
        """
        for target in self.targets:
            if not os.path.lexists(target):
                continue
            if target.exists() and target.samefile(self.path):
                msg = (
                    f"{visible(short(target))} is the file being imported. {NOTHING_SAVED} Choose "
                    "another name."
                )
                raise Refused(msg)
            if not self.overwrite:
                raise self.already_there()
            if not target.is_file():
                msg = (
                    f"{visible(short(target))} is not a file. {NOTHING_SAVED} Choose another name."
                )
                raise Refused(msg)

    def already_there(self) -> AlreadyThere:
        """Return the error for a file that exists."""
        existing = next(filter(os.path.lexists, self.targets), self.targets.rejected)
        free = free_path(self.targets.rejected)
        return AlreadyThere(
            f"{visible(short(existing))} already exists. {NOTHING_SAVED} Choose another name (for "
            f"example {visible(free.name)}), or overwrite it."
        )

    def saved(self, encoding: str) -> Saved:
        """Save the files, with the records in this encoding.

        Raises:
            UnicodeEncodeError: the encoding cannot represent a character.
            OSError: a file cannot be written.
            Refused: the imported file has changed, or cannot be read.
        """
        dialect = self.known.dialect
        is_marked = encoding in _MARKED
        unreadable = array("q")
        output: SheetFile | None = None
        written = matched = 0
        with self._opened() as file, ExitStack() as files:
            copied: list[int] = []
            files.push(partial(self._take_back, copied))
            self._require_unchanged(file)
            codec = "utf-8" if encoding == "utf-8-sig" else with_byte_order(encoding, file)
            rows = self._rows(file)
            sheet = Sheet(self._header(rows), self.known.columns, self._corrections())
            for number, row in _numbered(rows, self.problems):
                matched += 1
                if row.fault and number not in self.corrections:
                    unreadable.append(row.line)
                    continue
                if output is None:
                    new = self._new(self.targets.rejected, files)
                    output = SheetFile(
                        new,
                        codec,
                        dialect.delimiter,
                        is_marked=is_marked,
                        says_delimiter=dialect.has_sep_line,
                    )
                    output.write(sheet.header)
                problems = output.problems(self.problems[number])
                output.write(sheet.row(number, row.cells, problems))
                written += 1
            if output:
                output.flush()
            if matched < len(self.problems):
                raise changed(self.path)
            if unreadable:
                copied.append(self._copy_lines(file, unreadable, files))
            self._require_unchanged(file)
        return Saved(
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
            msg = f"Cannot read {visible(short(self.path))}: {reason(error)}. {NOTHING_SAVED}"
            raise Refused(msg) from error

    def _new(self, target: Path, files: ExitStack) -> BinaryIO:
        """Return a new file that is committed together with the others."""
        return files.enter_context(replacing(target, overwrite=self.overwrite))

    def _rows(self, file: BinaryIO) -> Rows:
        dialect, tick, size = self.known.dialect, self.tick, self.known.size

        def with_progress() -> Iterator[Lines]:
            for lines in lines_of(file, dialect.encoding):
                tick(Phase.READING, lines.done, size)
                yield lines

        return Rows(_reading(with_progress(), self.path), dialect.delimiter, dialect.encoding_name)

    def _header(self, rows: Rows) -> list[str]:
        """Read the header and return its cells; our own if the file has none."""
        if self.known.dialect.has_sep_line:
            rows.next_row()
        header = rows.next_row() if self.known.dialect.has_header else None
        rows.width = self.known.columns.width
        if header is None:
            return [field.header for field in FIELDS]
        fields = chain(self.known.columns.fields, repeat(None))
        return [_name_of(cell, field) for cell, field in zip(header.cells, fields, strict=False)]

    def _corrections(self) -> dict[int, Values]:
        """Return the corrections of records that are still rejected."""
        return {
            number: values for number, values in self.corrections.items() if number in self.problems
        }

    def _copy_lines(self, file: BinaryIO, lines: Sequence[int], files: ExitStack) -> int:
        """Copy the unreadable lines, and return the inode number of the new file."""
        encoding = self.known.dialect.encoding
        copy = self._new(self.targets.unreadable, files)
        if encoding == "utf-16" and lines[0] != 1:
            # without a byte order mark, programs cannot detect the encoding
            copy.write("\ufeff".encode(with_byte_order(encoding, file)))
        for part in _reading(raw_lines(file, encoding, lines), self.path):
            copy.write(part)
            self.tick(Phase.READING, file.tell(), self.known.size)
        return os.fstat(copy.fileno()).st_ino

    def _take_back(
        self, copied: Sequence[int], _kind: object, error: BaseException | None, _trace: object
    ) -> None:
        """Remove the file of lines if the file of records could not be committed after it."""
        if not copied or error is None or isinstance(error, NotDurable):
            return
        with suppress(OSError):
            if self.targets.unreadable.stat().st_ino == copied[0]:
                self.targets.unreadable.unlink()

    def _require_unchanged(self, file: BinaryIO) -> None:
        if _signature(file) != self.known.signature:
            raise changed(self.path)


_T = TypeVar("_T")


def _numbered(rows: Rows, wanted: Mapping[int, str]) -> Iterator[tuple[int, Row]]:
    """Yield the wanted rows with the numbers of their records."""
    number = 0
    for rows_or_row in rows:
        if isinstance(rows_or_row, CleanRows):
            for index, cells in enumerate(rows_or_row.rows):
                if number + index + 1 in wanted:
                    yield (
                        number + index + 1,
                        Row(rows_or_row.line + index, cells, None, True, True, False),
                    )
            number += len(rows_or_row.rows)
        else:
            number += 1
            if number in wanted:
                yield number, rows_or_row


def _reading(source: Iterable[_T], path: Path) -> Iterator[_T]:
    """Yield from the imported file.

    Raises:
        Refused: it cannot be read.
    """
    try:
        yield from source
    except OSError as error:
        msg = f"Cannot read {visible(short(path))} to the end: {reason(error)}. {NOTHING_SAVED}"
        raise Refused(msg) from error


def _signature(file: BinaryIO) -> tuple[int, ...]:
    status = os.fstat(file.fileno())
    return status.st_ino, status.st_size, status.st_mtime_ns


def changed(path: Path) -> Refused:
    """Return the error for an imported file that has changed in the meantime."""
    return Refused(
        f"{visible(short(path))} has changed since it was read. {NOTHING_SAVED} Import it again."
    )


def _name_of(cell: str, field: Field | None) -> str:
    """Return a column name that an import without a mapping maps to the same field, or to none."""
    named_field = field_of_column(cell)
    if field is None:
        return f"Left out: {cell}" if named_field is not None else cell
    has_same_header = named_field is not None and named_field.header == field.header
    return cell if has_same_header else field.name
