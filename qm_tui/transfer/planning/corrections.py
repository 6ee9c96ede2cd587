"""Corrected records in place of those in the file."""

from collections.abc import Iterable, Iterator, Mapping

from qm_tui.transfer.reading.reader import CleanRecordBatch, Record, Values
from qm_tui.users.fields import FIELDS
from qm_tui.users.issues import Issue
from qm_tui.users.validation import character_issue, length_issue


def apply_corrections(
    records: Iterable[Record | CleanRecordBatch], corrections: Mapping[int, Values]
) -> Iterator[Record | CleanRecordBatch]:
    """Yield the records, with the corrected values in place of those in the file.

    Args:
        records: the records of a file, as they are read.
        corrections: by record number, the values as they were typed.
    """
    if not corrections:
        yield from records
        return
    for batch in records:
        if isinstance(batch, Record):
            yield _correct(batch, corrections)
        elif corrections.keys().isdisjoint(range(batch.number, batch.number + len(batch.values))):
            yield batch
        else:
            for record in batch.records():
                yield _correct(record, corrections)


def record_of(number: int, line: int, values: Values) -> Record:
    """Return a record with typed values, and with the problems that a reader would find."""
    return Record(number, line, [*values], tuple(_typing_issues(values)))


def _correct(record: Record, corrections: Mapping[int, Values]) -> Record:
    values = corrections.get(record.number)
    return record if values is None else record_of(record.number, record.line, values)


def _typing_issues(values: Values) -> Iterator[Issue]:
    for field, value in zip(FIELDS, values, strict=True):
        issue = (character_issue(field, value) or length_issue(field, value)) if value else None
        if issue is not None:
            yield issue
