"""The options of an import and of an export."""
