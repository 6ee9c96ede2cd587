"""Options of an import and of an export."""
