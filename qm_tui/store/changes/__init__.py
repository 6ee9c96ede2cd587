"""Changes of users, independent of the kind of store: edits, bulk changes, undo, confirmation."""
