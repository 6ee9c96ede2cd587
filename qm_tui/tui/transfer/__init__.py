"""Import and export: the dialogs Open and Save As, and their flow."""
