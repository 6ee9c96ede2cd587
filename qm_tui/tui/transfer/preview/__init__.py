"""The preview of an import, and the dialogs that it opens."""
