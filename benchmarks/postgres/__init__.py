"""Benchmarks of stores on a PostgreSQL server; `__main__` runs them."""
