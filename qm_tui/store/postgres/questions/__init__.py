"""Questions to a PostgreSQL server about its users, in SQL."""
