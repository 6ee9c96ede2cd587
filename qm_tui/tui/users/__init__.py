"""The Users page: filter, table, and what can be done with users."""
