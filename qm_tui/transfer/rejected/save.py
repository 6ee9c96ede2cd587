"""Saving of rejected records to a file, where they can be corrected and imported.

Source: the users file, section 3, "Rejected records can be saved". Records go to
`NAME-rejected.csv` with their problems and original cells, in the format of the imported file;
unreadable lines go to `NAME-unreadable.txt` unchanged.
"""

import os
import re
from array import array
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from qm_tui.directory import DirectorySyncError
from qm_tui.errors import UserError, os_error_text
from qm_tui.files import atomic_write
from qm_tui.paths import abbreviate_home
from qm_tui.progress import ProgressCallback, ignore_progress
from qm_tui.text import pluralize, sanitize, trim, with_full_stop
from qm_tui.transfer.exporting.export import TargetExists, export_path
from qm_tui.transfer.planning.plan import ImportPlan, RecordOutcomes
from qm_tui.transfer.reading.columns import field_for_column
from qm_tui.transfer.reading.read_options import ReadOptions
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.transfer.reading.records import Values
from qm_tui.transfer.rejected.rows import RejectedCsvWriter, RejectedRowBuilder
from qm_tui.users.fields import FIELDS, Field
from qm_tui.users.issues import Issue, Severity

_NUMBERED: Final = re.compile(r"(.*)-rejected(?:-([0-9]{1,6}))?", re.DOTALL)
_MARKED: Final = ("utf-8-sig", "utf-16")
"""Encodings with a byte order mark."""

_NOTHING_SAVED: Final = "Nothing was saved."
"""The consequence in error messages."""


def rejected_path(source: Path) -> Path:
    """Return the path for a file's rejected records: `NAME-rejected.csv`, or the next number.

    Those of `NAME-rejected.csv` itself go to `NAME-rejected-2.csv`.
    """
    match = _NUMBERED.fullmatch(source.stem)
    if not match:
        return source.with_name(f"{source.stem}-rejected.csv")
    return source.with_name(f"{match.group(1)}-rejected-{int(match.group(2) or 1) + 1}.csv")


def unreadable_path(rejected: Path) -> Path:
    """Return the path for the unreadable lines that belong to a rejected-records file."""
    match = _NUMBERED.fullmatch(rejected.stem)
    if not match:
        return rejected.with_name(f"{rejected.stem}-unreadable.txt")
    number = f"-{match.group(2)}" if match.group(2) else ""
    return rejected.with_name(f"{match.group(1)}-unreadable{number}.txt")


def free_path(source: Path) -> Path:
    """Return the first path for a file's rejected records that does not exist yet."""
    path = rejected_path(source)
    while os.path.lexists(path) or os.path.lexists(unreadable_path(path)):
        path = rejected_path(path)
    return path


def issues_text(issues: Iterable[Issue]) -> str:
    """Return the errors of a record and their fixes, for the Problems column."""
    sentences = []
    for issue in issues:
        if issue.severity is Severity.ERROR:
            name = issue.field.name if issue.field else ""
            prefix = "" if issue.message.startswith(name) else f"{name}: "
            sentences.append(f"{prefix}{with_full_stop(issue.message)} {issue.fix}")
    return " ".join(sentences)


def rejection_reasons(plan: ImportPlan) -> dict[int, str]:
    """Return by record number the `issues_text` of the rejected records of a plan.

    Args:
        plan: a plan with its outcomes.
    """
    outcomes = plan.outcomes or RecordOutcomes()
    return {number: issues_text(outcomes.issues[number]) for number in sorted(outcomes.values)}


def unsaved_records_text(plan: ImportPlan, saved: int) -> list[str]:
    """Return a message about rejected records that the plan does not contain, if there are any."""
    more = plan.rejected - saved
    return (
        [f"Not saved: {pluralize(more, 'more rejected record')} (limit reached)."] if more else []
    )


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
        needs_mapping: whether the file of the records must be read with the same mapping.
    """

    rejected: Path | None
    records: int
    unreadable: Path | None
    lines: int
    is_utf8: bool
    needs_mapping: bool = False

    @property
    def messages(self) -> list[str]:
        """The messages about it, safe for a terminal."""
        sentences = []
        if self.rejected:
            them = "it" if self.records == 1 else "them"
            how = " with the same mapping" if self.needs_mapping else ""
            sentences.append(
                f"Saved {pluralize(self.records, 'rejected record')} to {_shown(self.rejected)}. "
                f"Correct {them} there, then import that file{how}."
            )
        if self.is_utf8:
            sentences.append(
                "The file is UTF-8 with BOM because the original encoding cannot represent all "
                "characters."
            )
        if self.unreadable:
            sentences.append(
                f"Saved {pluralize(self.lines, 'unreadable line')} unchanged to "
                f"{_shown(self.unreadable)}."
            )
        return sentences


def save_rejected(
    path: Path,
    read_options: ReadOptions,
    problems_by_number: Mapping[int, str],
    target: Path,
    progress: ProgressCallback = ignore_progress,
    *,
    overwrite: bool = False,
    corrections: Mapping[int, Values] | None = None,
    signature: tuple[int, ...] | None = None,
) -> RejectedFilesResult:
    """Write the rejected records of a file to one file, and its unreadable lines to another.

    Both are written atomically, and readable only by their owner, as they contain passwords.

    Args:
        path: the imported file.
        read_options: the options with which it was read.
        problems_by_number: the problems of each rejected record, by its number in the file.
        target: the file for the records; `.csv` is appended if it is missing. Unreadable lines go
            to its `unreadable_path`.
        progress: progress callback; may raise `Cancelled`, which leaves nothing behind.
        overwrite: whether existing files may be replaced.
        corrections: by record number, corrected values of records that are still rejected; they
            replace the cells.
        signature: the signature of the file when it was planned.

    Raises:
        TargetExists: a file exists, and `overwrite` is False. The text suggests a free name.
        UserError: there are no rejected records, the imported file has changed or cannot be read,
            or nothing can be written.
    """
    target = export_path(target)
    saving = _Saving(
        problems_by_number,
        {
            number: values
            for number, values in (corrections or {}).items()
            if number in problems_by_number
        },
        (target, unreadable_path(target)),
        overwrite,
        progress,
    )
    try:
        with UsersFile(path, read_options) as file:
            if not problems_by_number:
                msg = f"{_shown(path)} has no rejected records. {_NOTHING_SAVED}"
                raise UserError(msg)
            saving.require_unchanged(file, signature or file.signature)
            saving.require_targets(path)
            signature = file.signature
            with suppress(UnicodeEncodeError):
                return saving.write(file, file.file_report.dialect.encoding)
        with UsersFile(path, read_options) as file:
            saving.require_unchanged(file, signature)
            return saving.write(file, "utf-8-sig")
    except UnicodeEncodeError as error:
        msg = (
            "A corrected value contains an invalid character (unpaired surrogate). "
            f"{_NOTHING_SAVED} Correct the value first."
        )
        raise UserError(msg) from error
    except FileExistsError as error:
        raise saving.target_exists_error() from error
    except DirectorySyncError as error:
        msg = (
            "The rejected records were saved, but may be lost in a power failure: syncing the "
            f"folder of {_shown(target)} failed ({os_error_text(error)}). Save them again."
        )
        raise UserError(msg) from error
    except OSError as error:
        msg = f"Cannot write {_shown(target)}: {os_error_text(error)}. {_NOTHING_SAVED}"
        raise UserError(msg) from error


@dataclass(frozen=True, slots=True)
class _Saving:
    """What is saved, and where: the file of the records, and that of the unreadable lines."""

    reasons: Mapping[int, str]
    corrections: Mapping[int, Values]
    targets: tuple[Path, Path]
    overwrite: bool
    progress: ProgressCallback

    def require_unchanged(self, file: UsersFile, signature: tuple[int, ...]) -> None:
        """Raise a `UserError` if the imported file has changed."""
        if file.signature != signature or file.has_changed:
            msg = (
                f"{_shown(file.path)} has changed since it was read. {_NOTHING_SAVED} Import it "
                "again."
            )
            raise UserError(msg)

    def require_targets(self, path: Path) -> None:
        """Check early that the files can be written, given the imported file.

        Raises:
            TargetExists: a file exists, and must not be overwritten.
            UserError: a path is the imported file, or is not a file.
        """
        for target in filter(os.path.lexists, self.targets):
            if target.exists() and target.samefile(path):
                problem = "is the file being imported"
            elif not self.overwrite:
                raise self.target_exists_error()
            elif not target.is_file():
                problem = "is not a file"
            else:
                continue
            msg = f"{_shown(target)} {problem}. {_NOTHING_SAVED} Choose another name."
            raise UserError(msg)

    def target_exists_error(self) -> TargetExists:
        """Return the error for a file that exists."""
        existing = next(filter(os.path.lexists, self.targets), self.targets[0])
        free = free_path(self.targets[0])
        return TargetExists(
            f"{_shown(existing)} already exists. {_NOTHING_SAVED} Choose another name (for example "
            f"{sanitize(free.name)}), or overwrite it."
        )

    def write(self, file: UsersFile, encoding: str) -> RejectedFilesResult:
        """Save the files, with the records in this encoding.

        Raises:
            UnicodeEncodeError: the encoding cannot represent a character.
            OSError: a file cannot be written.
            UserError: the imported file has changed, or cannot be read.
        """
        dialect, columns = file.file_report.dialect, file.file_report.columns
        unreadable = array("q")
        output: RejectedCsvWriter | None = None
        written = matched = 0
        with ExitStack() as files:
            copied: list[int] = []
            files.enter_context(self._copied_only_with_records(copied))
            codec = "utf-8" if encoding == "utf-8-sig" else file.codec
            sheet = RejectedRowBuilder(_header(file), columns, self.corrections, file.mapping)
            for number, row in _reading(file, file.rows(self.reasons.keys(), self.progress)):
                matched += 1
                if row.error and number not in self.corrections:
                    unreadable.append(row.line)
                    continue
                if output is None:
                    output = RejectedCsvWriter(
                        self._new(self.targets[0], files),
                        codec,
                        dialect.delimiter,
                        is_marked=encoding in _MARKED,
                        writes_sep_line=dialect.has_sep_line,
                    )
                    output.write(sheet.header)
                problems = output.reasons_cell(self.reasons[number])
                output.write(sheet.row(number, row.cells, problems))
                written += 1
            if output:
                output.flush()
            if unreadable and matched == len(self.reasons):
                copy = self._new(self.targets[1], files)
                copied.append(os.fstat(copy.fileno()).st_ino)
                if dialect.encoding == "utf-16" and unreadable[0] != 1:
                    # without a byte order mark, programs cannot detect the encoding
                    copy.write("\ufeff".encode(codec))
                lines = file.raw_lines(frozenset(unreadable), self.progress)
                copy.writelines(_reading(file, lines))
            self.require_unchanged(file, file.signature if matched == len(self.reasons) else ())
        return RejectedFilesResult(
            self.targets[0] if written else None,
            written,
            self.targets[1] if unreadable else None,
            len(unreadable),
            is_utf8=written > 0 and encoding != dialect.encoding,
            needs_mapping=file.mapping is not None and file.mapping.is_more_than_names,
        )

    def _new(self, target: Path, files: ExitStack) -> BinaryIO:
        """Return a new file that is committed together with the others."""
        return files.enter_context(atomic_write(target, overwrite=self.overwrite))

    @contextmanager
    def _copied_only_with_records(self, copied: list[int]) -> Iterator[None]:
        """Remove the file of lines if the file of records could not be committed after it.

        Args:
            copied: the inode number of the file of lines, once there is one.
        """
        try:
            yield
        except DirectorySyncError:
            raise
        except BaseException:
            with suppress(OSError):
                if copied and self.targets[1].stat().st_ino == copied[0]:
                    self.targets[1].unlink()
            raise


_T = TypeVar("_T")


def _reading(file: UsersFile, source: Iterable[_T]) -> Iterator[_T]:
    """Yield from the imported file.

    Raises:
        UserError: it cannot be read.
    """
    try:
        yield from source
    except OSError as error:
        msg = (
            f"Cannot read {_shown(file.path)} to the end: {os_error_text(error)}. {_NOTHING_SAVED}"
        )
        raise UserError(msg) from error


def _header(file: UsersFile) -> list[str]:
    """Return the cells of the header; our own if the file has none."""
    if file.header is None:
        return [field.header for field in FIELDS]
    if file.mapping is not None and file.mapping.is_more_than_names:
        return [trim(cell) for cell in file.header.cells]  # the same mapping reads it again
    fields = chain(file.file_report.columns.fields, repeat(None))
    return [_name_of(cell, field) for cell, field in zip(file.header.cells, fields, strict=False)]


def _name_of(cell: str, field: Field | None) -> str:
    """Return a column name that an import without a mapping maps to the same field, or to none."""
    named_field = field_for_column(cell)
    if field is None:
        return f"Left out: {cell}" if named_field is not None else cell
    has_same_header = named_field is not None and named_field.header == field.header
    return cell if has_same_header else field.name


def _shown(path: Path) -> str:
    return sanitize(abbreviate_home(path))
