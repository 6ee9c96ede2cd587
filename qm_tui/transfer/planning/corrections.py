"""Corrected records in place of those in the file."""

from collections.abc import Iterable, Iterator, Mapping

from qm_tui.transfer.reading.reader import CleanRecordBatch, Record, Values
from qm_tui.users.fields import FIELDS
from qm_tui.users.issues import Issue, Severity
from qm_tui.users.validation import value_issues


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
    """Return a record with its correction; what is wrong with its line becomes a warning."""
    values = corrections.get(record.number)
    if values is None:
        return record
    corrected = record_of(record.number, record.line, values)
    general = [
        issue._replace(severity=Severity.WARNING, reason=f"{issue.kind} (corrected)")
        for issue in record.issues
        if issue.field is None
    ]
    return corrected._replace(issues=(*general, *corrected.issues))


def _typing_issues(values: Values) -> Iterator[Issue]:
    for field, value in zip(FIELDS, values, strict=True):
        yield from value_issues(field, value or "")
