"""The store on a PostgreSQL server. It imports psycopg only if such a store is opened."""
