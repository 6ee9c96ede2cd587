"""A real PostgreSQL server for the tests, and what breaks its connections."""
