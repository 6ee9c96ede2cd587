"""The dialogs of the Users page: columns, counts, marks, views."""
