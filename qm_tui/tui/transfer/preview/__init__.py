"""The preview of an import, and its dialogs."""
