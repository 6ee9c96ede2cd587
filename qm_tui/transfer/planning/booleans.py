"""Boolean words in flags, for the option that converts them in a whole file (our choice)."""

from typing import Final

from qm_tui.transfer.reading.reader import CleanRecordBatch, Record, Values
from qm_tui.users.fields import FLAG_INDEXES
from qm_tui.users.validation import parse_flag

_NO_WORDS: Final = frozenset(("0", "1", "", None))


def read_booleans(records: Record | CleanRecordBatch) -> Record | CleanRecordBatch:
    """Return the records with 0 and 1 for the boolean words in flags; other values are kept."""
    if isinstance(records, Record):
        return records._replace(values=_converted(records.values))
    if all(_NO_WORDS.issuperset({row[place] for row in records.values}) for place in FLAG_INDEXES):
        return records
    return records._replace(values=[_converted([*row]) for row in records.values])


def _converted(values: Values) -> Values:
    values = [*values]
    for place in FLAG_INDEXES:
        values[place] = parse_flag(values[place] or "") or values[place]
    return values
