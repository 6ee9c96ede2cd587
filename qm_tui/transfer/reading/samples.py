"""Sample values of each column, safe to show next to its name.

A column that is not mapped to a field may contain anything, also passwords of other programs. So
no value is shown of a column whose field or name is that of a secret, no value that looks like a
secret, and no row with another number of cells than the header, as its values may have shifted.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from qm_tui.text import trim
from qm_tui.transfer.reading.columns import Columns, normalize_header
from qm_tui.transfer.reading.csv_rows import Row
from qm_tui.transfer.reading.spreadsheet import from_text_formula

MAX_SAMPLES: Final = 3
"""Number of values per column."""

_SECRET_WORDS: Final = re.compile(
    "pass|pwd|pswd|kennwort|salt|salz|hash|secret|token|motdepasse|mdp|contrasen|clave|senha"
    "|parol|wachtwoord|losenord|haslo|hasło|hemlig|geheim|credential|apikey|privatekey|schlussel"
    "|kodeord|adgangskode|heslo|jelszo|salasana|sifre|şifre|парол|пароль|密码|密碼|パスワード|비밀번호"
)
_SECRET_NAMES: Final = frozenset(("pin", "puk", "code", "key", "pw", "otp", "mfa", "totp", "sel"))
_LOOKS_SECRET: Final = re.compile(
    r"[A-Za-z0-9+/_.=-]{20,}"  # hexadecimal, base64, also in parts separated by dots
    r"|[$][A-Za-z0-9]+[$].*|[{][A-Za-z0-9-]+[}].+|(?:0x)?[0-9A-Fa-f]{16,}|[A-Za-z0-9]+:[0-9a-f]{20,}.*"
)


def fold_header(name: str) -> str:
    """Return a column name for comparison across languages: `normalize_header`, without accents."""
    letters = unicodedata.normalize("NFKD", name)
    return normalize_header(
        "".join(letter for letter in letters if not unicodedata.combining(letter))
    )


def is_called_secret(name: str) -> bool:
    """Return whether a column may contain a secret, judging by its name."""
    words = {fold_header(word) for word in re.split(r"[\W_]+", name)}
    return bool(_SECRET_WORDS.search(fold_header(name)) or words & _SECRET_NAMES)


def looks_secret(value: str) -> bool:
    """Return whether a value looks like a hash, a key or an encrypted password."""
    return _LOOKS_SECRET.fullmatch(value) is not None


def sample_values(columns: Columns, rows: Sequence[Row]) -> tuple[tuple[str, ...], ...]:
    """Return up to three distinct values of each column, and none that may be a secret.

    Args:
        columns: the columns of the file.
        rows: some rows of the file, without the header.
    """
    whole = [row.cells for row in rows if len(row.cells) == columns.width and row.is_printable]
    fields = columns.fields
    shown: list[tuple[str, ...]] = []
    for column, name in enumerate(columns.header):
        field = fields[column]
        if is_called_secret(name) or (field is not None and field.is_secret):
            shown.append(())
            continue
        values = dict.fromkeys(from_text_formula(trim(cells[column])) for cells in whole)
        fit = [value for value in values if value and not looks_secret(value)]
        shown.append(tuple(fit[:MAX_SAMPLES]))
    return tuple(shown)
