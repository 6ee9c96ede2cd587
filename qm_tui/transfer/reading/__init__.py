"""A users file read: bytes, lines, rows, columns, records."""
