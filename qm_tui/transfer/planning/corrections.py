"""Corrected records in place of those in the file."""

from collections.abc import Iterable, Iterator, Mapping

from qm_tui.transfer.reading.reader import CleanRecords, Record, Values
from qm_tui.users.fields import FIELDS
from qm_tui.users.issues import Fault
from qm_tui.users.validation import control_fault, length_fault


def corrected(
    records: Iterable[Record | CleanRecords], corrections: Mapping[int, Values]
) -> Iterator[Record | CleanRecords]:
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
            yield _corrected(batch, corrections)
        elif corrections.keys().isdisjoint(range(batch.number, batch.number + len(batch.values))):
            yield batch
        else:
            for record in batch.one_by_one():
                yield _corrected(record, corrections)


def record_of(number: int, line: int, values: Values) -> Record:
    """Return a record with typed values, and with the errors that a reader would find."""
    return Record(number, line, [*values], tuple(_typing_faults(values)))


def _corrected(record: Record, corrections: Mapping[int, Values]) -> Record:
    values = corrections.get(record.number)
    return record if values is None else record_of(record.number, record.line, values)


def _typing_faults(values: Values) -> Iterator[Fault]:
    for field, value in zip(FIELDS, values, strict=True):
        fault = (control_fault(field, value) or length_fault(field, value)) if value else None
        if fault is not None:
            yield fault
