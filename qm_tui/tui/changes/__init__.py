"""Bulk changes and undo: dialogs and their flow."""
