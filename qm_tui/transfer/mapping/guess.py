"""Suggestions for mapping the columns of another program's file, which the admin confirms.

In this order: the names of our fields, the names that other programs and languages use for them,
names similar to these, and the format of the values. Each field is suggested once.
"""

import re
from collections.abc import Sequence
from typing import Final

from qm_tui.transfer.reading.columns import find_field, is_problems_column
from qm_tui.transfer.reading.samples import fold_header
from qm_tui.users.fields import FIELD, FIELDS, Field

_AMBIGUOUS: Final = "name"
"""The last name if there is also a first name; otherwise it may be the whole name."""

_MIN_SIMILARITY: Final = 0.8
"""The least similarity of two names, from 0 to 1, for one to be suggested for the other."""

_MIN_LENGTH: Final = 5
"""Minimum length of a name; shorter ones are similar to too many."""

_MAX_COMPARED: Final = 500
"""The number of columns whose names are compared with all others; users files have fewer."""

_SHAPES: Final = (
    ("sip_uri", re.compile(r"sips?:[^@\s]+@\S+", re.IGNORECASE)),
    ("windows_login", re.compile(r"[^\\/@\s]+\\[^\\\s]+")),
    (
        "phone_ip",
        re.compile(
            r"(?:\d{1,3}\.){3}\d{1,3}|(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}"
            r"|(?=.*:.*:)[0-9a-f:]{3,39}",
            re.IGNORECASE,
        ),
    ),
    ("recording_service", re.compile("any", re.IGNORECASE)),
)

_BY_SYNONYM: Final = {
    fold_header(name): field for field in FIELDS for name in field.foreign_headers
}
_ALL_NAMES: Final = {
    **_BY_SYNONYM,
    **{fold_header(name): field for field in FIELDS for name in (field.name, *field.aliases)},
}


def guess_columns(
    header: Sequence[str], sample_values: Sequence[Sequence[str]]
) -> list[Field | None]:
    """Return the best suggestion for each column, or None. Each field appears at most once.

    Args:
        header: the names of the columns.
        sample_values: some values of each column; secrets are not needed.
    """
    guessed: list[Field | None] = [None] * len(header)
    free = set(FIELDS)

    def take(column: int, field: Field | None) -> None:
        if field in free and guessed[column] is None:
            guessed[column] = field
            free.discard(field)

    for column, field in enumerate(_guess_by_name(header)):
        take(column, field)
    for column, name in enumerate(header):
        field = _BY_SYNONYM.get(fold_header(name))
        is_second_phone = field is FIELD["phone_ip"] and field in guessed
        take(column, FIELD["secondary_phone_ip"] if is_second_phone else field)
    if FIELD["first_name"] not in free:
        for column, name in enumerate(header):
            take(column, FIELD["last_name"] if fold_header(name) == _AMBIGUOUS else None)
    for _, column, field in _guess_by_similarity(header, guessed, free):
        take(column, field)
    for column, values in enumerate(sample_values):
        take(column, _guess_by_values(values))
    return guessed


def nearest_field(word: str) -> Field | None:
    """Return the field with the name most similar to an unknown one, or None."""
    matches = _guess_by_similarity([word], [None], set(FIELDS))
    return matches[0][2] if matches else None


def _guess_by_name(header: Sequence[str]) -> list[Field | None]:
    """Return the fields by the names of the header; the first of two columns for a field has it."""
    known: list[Field | None] = []
    for name in header:
        field = find_field(name)
        if field is FIELD["phone_ip"] and field in known:
            field = FIELD["secondary_phone_ip"]
        known.append(field)
    return known


def _guess_by_similarity(
    header: Sequence[str], guessed: Sequence[Field | None], free: set[Field]
) -> list[tuple[float, int, Field]]:
    """Return columns without a suggestion and fields with similar names, the best match first."""
    # late: only files of other programs need it
    from rapidfuzz.distance import DamerauLevenshtein  # noqa: PLC0415

    matches: list[tuple[float, int, Field]] = []
    for column, name in enumerate(header[:_MAX_COMPARED]):
        word = fold_header(name)[:60]
        if guessed[column] is not None or len(word) < _MIN_LENGTH or is_problems_column(name):
            continue
        for known, field in _ALL_NAMES.items():
            if field in free and len(known) >= _MIN_LENGTH:
                likeness = DamerauLevenshtein.normalized_similarity(
                    word, known, score_cutoff=_MIN_SIMILARITY
                )
                if likeness >= _MIN_SIMILARITY:
                    matches.append((likeness, column, field))
    return sorted(matches, key=lambda match: (-match[0], match[1], match[2].number))


def _guess_by_values(values: Sequence[str]) -> Field | None:
    for key, shape in _SHAPES:
        if values and all(shape.fullmatch(value) for value in values):
            return FIELD[key]
    return None
