"""Records corrected by hand, in place of those that the file holds."""

from collections.abc import Iterable, Iterator, Mapping

from qm_tui.transfer.reading.reader import CleanRecords, Record, Values
from qm_tui.users.fields import FIELDS
from qm_tui.users.issues import Fault
from qm_tui.users.validation import control_fault, length_fault


def corrected(
    records: Iterable[Record | CleanRecords], corrections: Mapping[int, Values]
) -> Iterator[Record | CleanRecords]:
    """The records, with the corrected values in place of the file's.

    Args:
        records: the records of a file, as it is read.
        corrections: by record number, the 26 values as they were typed.
    """
    if not corrections:
        yield from records
        return
    for found in records:
        if isinstance(found, Record):
            yield _corrected(found, corrections)
        elif corrections.keys().isdisjoint(range(found.number, found.number + len(found.values))):
            yield found
        else:
            for record in found.one_by_one():
                yield _corrected(record, corrections)


def record_of(number: int, line: int, values: Values) -> Record:
    """A record of values that were typed: with the faults that a reader would find in them."""
    return Record(number, line, [*values], tuple(_typing_faults(values)))


def _corrected(record: Record, corrections: Mapping[int, Values]) -> Record:
    values = corrections.get(record.number)
    return record if values is None else record_of(record.number, record.line, values)


def _typing_faults(values: Values) -> Iterator[Fault]:
    for field, value in zip(FIELDS, values, strict=True):
        fault = (control_fault(field, value) or length_fault(field, value)) if value else None
        if fault is not None:
            yield fault
