"""Planning of an import: the result of each record."""
