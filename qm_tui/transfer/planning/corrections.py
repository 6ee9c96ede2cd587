"""Records that are changed before they are planned: corrected ones, and boolean words in flags."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from qm_tui.transfer.reading.records import CleanRecordBatch, Record, Values
from qm_tui.users.fields import FIELDS, FLAG_INDEXES
from qm_tui.users.issues import Issue, Severity
from qm_tui.users.validation import parse_flag, value_issues


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


def read_booleans(records: Record | CleanRecordBatch) -> Record | CleanRecordBatch:
    """Return the records with 0 and 1 for the boolean words in flags; other values are kept.

    For the option that converts them in a whole file (our choice).
    """
    if isinstance(records, Record):
        mapped = None if records.mapped is None else _without_words(records.mapped)
        return records._replace(values=_without_words(records.values), mapped=mapped)
    rows = None if records.mapped is None else list(map(_without_words, records.mapped))
    return records._replace(values=list(map(_without_words, records.values)), mapped=rows)


def _without_words(row: Sequence[str | None]) -> Values:
    values = [*row]
    for place in FLAG_INDEXES:
        values[place] = parse_flag(values[place] or "") or values[place]
    return values
