"""The server of the tests."""

from contextlib import closing

import psycopg
import pytest


def test_database_is_empty_and_belongs_to_a_role_without_privileges(postgres_url):
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        connection.execute("CREATE TABLE users (name text)")
        role = connection.execute(
            "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole,"
            " pg_encoding_to_char(encoding), datcollate"
            " FROM pg_roles JOIN pg_database ON datdba = pg_roles.oid"
            " WHERE datname = current_database()"
        ).fetchone()
    assert role == ("qm_owner", False, False, False, "UTF8", "C")


def test_every_test_has_a_database_of_its_own(postgres_url):
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT to_regclass('users')").fetchone() == (None,)


def test_killed_server_starts_again_with_what_was_committed(private_postgres):
    url = private_postgres.url(private_postgres.create_database())
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE users (name text)")
        connection.execute("INSERT INTO users VALUES ('anna')")
    with closing(psycopg.connect(url)) as connection:
        connection.execute("INSERT INTO users VALUES ('berta')")
        private_postgres.kill()
        with pytest.raises(psycopg.OperationalError):
            connection.commit()
    private_postgres.start()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT name FROM users").fetchall() == [("anna",)]
