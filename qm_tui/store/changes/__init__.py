"""Changes of users, free of any store: edits, bulk changes, undo and the mass-change guard."""
