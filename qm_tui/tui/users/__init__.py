"""Administration > Users: the table with its filter, and the actions on users."""
