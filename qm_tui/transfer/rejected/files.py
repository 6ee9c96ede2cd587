"""The files of an import's rejected records, on their way to the disk.

Two files, wholly or not at all: the records that could be read, and the lines that could not.
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
"""The encodings of files that begin with a byte order mark."""

NOTHING_SAVED: Final = "Nothing was saved."
"""How a refusal ends."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What was saved of an import's rejected records.

    Attributes:
        rejected: the file of the records; None where none of them could be read.
        records: how many records it holds.
        unreadable: the file of the lines that could not be read; None where there are none.
        lines: how many lines it holds.
        is_utf8: whether the records are in UTF-8 because the file's own encoding does not hold
            all their characters.
    """

    rejected: Path | None
    records: int
    unreadable: Path | None
    lines: int
    is_utf8: bool

    @property
    def sentences(self) -> list[str]:
        """What was written where, safe for a terminal."""
        said = []
        if self.rejected:
            said.append(
                f"{counted(self.records, 'rejected record')} written to "
                f"{visible(short(self.rejected))}: correct them there, and import that file."
            )
        if self.is_utf8:
            said.append(
                "It is UTF-8 with BOM, since the encoding of the imported file does not hold all "
                "characters."
            )
        if self.unreadable:
            said.append(
                f"{counted(self.lines, 'line')} that could not be read written to "
                f"{visible(short(self.unreadable))}, as they are."
            )
        return said


class Known(NamedTuple):
    """What is known of the file."""

    dialect: Dialect
    columns: Columns
    size: int
    signature: tuple[int, ...]


class Targets(NamedTuple):
    """Where things go."""

    rejected: Path
    unreadable: Path


@dataclass(frozen=True, slots=True)
class Saving:
    """All that it takes to save what was rejected of a file."""

    path: Path
    known: Known
    problems: Mapping[int, str]
    corrections: Mapping[int, Values]
    targets: Targets
    overwrite: bool
    tick: Tick

    def require_place(self) -> None:
        """Find out early whether something stands in the way.

        Raises:
            AlreadyThere: a file does, and it must stay.
            Refused: something else does.
        """
        for target in self.targets:
            if not os.path.lexists(target):
                continue
            if target.exists() and target.samefile(self.path):
                msg = (
                    f"{visible(short(target))} is the imported file itself: choose another name. "
                    f"{NOTHING_SAVED}"
                )
                raise Refused(msg)
            if not self.overwrite:
                raise self.already_there()
            if not target.is_file():
                msg = f"{visible(short(target))} is not a file: choose another name."
                raise Refused(msg)

    def already_there(self) -> AlreadyThere:
        """The refusal where a file must stay."""
        there = next(filter(os.path.lexists, self.targets), self.targets.rejected)
        free = free_path(self.targets.rejected)
        return AlreadyThere(
            f"{visible(short(there))} exists already: choose another name, as "
            f"{visible(free.name)}, or overwrite it. {NOTHING_SAVED}"
        )

    def saved(self, encoding: str) -> Saved:
        """Save it, the records in this encoding.

        Raises:
            UnicodeEncodeError: the encoding does not hold a character.
            OSError: it could not be written.
            Refused: the file was changed, or could not be read.
        """
        dialect = self.known.dialect
        is_marked = encoding in _MARKED
        unreadable = array("q")
        output: SheetFile | None = None
        count = found = 0
        with self._opened() as file, ExitStack() as files:
            copied: list[int] = []
            files.push(partial(self._take_back, copied))
            self._require_unchanged(file)
            codec = "utf-8" if encoding == "utf-8-sig" else with_byte_order(encoding, file)
            rows = self._rows(file)
            sheet = Sheet(self._header(rows), self.known.columns, self._corrections())
            for number, row in _numbered(rows, self.problems):
                found += 1
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
                count += 1
            if output:
                output.flush()
            if found < len(self.problems):
                raise changed(self.path)
            if unreadable:
                copied.append(self._copy_lines(file, unreadable, files))
            self._require_unchanged(file)
        return Saved(
            self.targets.rejected if count else None,
            count,
            self.targets.unreadable if unreadable else None,
            len(unreadable),
            is_utf8=count > 0 and encoding != dialect.encoding,
        )

    def _opened(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except OSError as error:
            msg = f"{visible(short(self.path))} cannot be read: {reason(error)}. {NOTHING_SAVED}"
            raise Refused(msg) from error

    def _new(self, target: Path, files: ExitStack) -> BinaryIO:
        """A new file, which takes its place with the others, or not at all."""
        return files.enter_context(replacing(target, overwrite=self.overwrite))

    def _rows(self, file: BinaryIO) -> Rows:
        dialect, tick, size = self.known.dialect, self.tick, self.known.size

        def ticking() -> Iterator[Lines]:
            for lines in lines_of(file, dialect.encoding):
                tick(Phase.READING, lines.done, size)
                yield lines

        return Rows(_reading(ticking(), self.path), dialect.delimiter, dialect.encoding_name)

    def _header(self, rows: Rows) -> list[str]:
        """The cells of the header, which are read; our own where the file has none."""
        if self.known.dialect.has_sep_line:
            rows.next_row()
        header = rows.next_row() if self.known.dialect.has_header else None
        rows.width = self.known.columns.width
        if header is None:
            return [field.header for field in FIELDS]
        fields = chain(self.known.columns.fields, repeat(None))
        return [_name_of(cell, field) for cell, field in zip(header.cells, fields, strict=False)]

    def _corrections(self) -> dict[int, Values]:
        """The corrections of records that are rejected still."""
        return {
            number: values for number, values in self.corrections.items() if number in self.problems
        }

    def _copy_lines(self, file: BinaryIO, lines: Sequence[int], files: ExitStack) -> int:
        """Copy the lines that could not be read; the number of the new file's inode."""
        encoding = self.known.dialect.encoding
        copy = self._new(self.targets.unreadable, files)
        if encoding == "utf-16" and lines[0] != 1:
            # without its mark no program would know what the lines are
            copy.write("\ufeff".encode(with_byte_order(encoding, file)))
        for piece in _reading(raw_lines(file, encoding, lines), self.path):
            copy.write(piece)
            self.tick(Phase.READING, file.tell(), self.known.size)
        return os.fstat(copy.fileno()).st_ino

    def _take_back(
        self, copied: Sequence[int], _kind: object, error: BaseException | None, _trace: object
    ) -> None:
        """Remove the file of lines where that of records could not take its place after it."""
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
    """The wanted rows with the numbers of their records."""
    number = 0
    for found in rows:
        if isinstance(found, CleanRows):
            for at, cells in enumerate(found.rows):
                if number + at + 1 in wanted:
                    yield number + at + 1, Row(found.line + at, cells, None, True, True, False)
            number += len(found.rows)
        else:
            number += 1
            if number in wanted:
                yield number, found


def _reading(source: Iterable[_T], path: Path) -> Iterator[_T]:
    """What comes from the imported file.

    Raises:
        Refused: reading it failed.
    """
    try:
        yield from source
    except OSError as error:
        msg = (
            f"{visible(short(path))} could not be read to its end: {reason(error)}. {NOTHING_SAVED}"
        )
        raise Refused(msg) from error


def _signature(file: BinaryIO) -> tuple[int, ...]:
    status = os.fstat(file.fileno())
    return status.st_ino, status.st_size, status.st_mtime_ns


def changed(path: Path) -> Refused:
    """The refusal where somebody wrote to the imported file meanwhile."""
    return Refused(
        f"{visible(short(path))} was changed since it was read: import it again. {NOTHING_SAVED}"
    )


def _name_of(cell: str, field: Field | None) -> str:
    """A column's name by which an import without a mapping knows it again, or knows it not."""
    meant = field_of_column(cell)
    if field is None:
        return f"Left out: {cell}" if meant is not None else cell
    return cell if meant is not None and meant.header == field.header else field.name
