"""Reading of a users file: bytes, lines, rows, columns, records."""
