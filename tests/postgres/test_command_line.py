"""Commands on a store on a server."""

from contextlib import closing

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tests.helpers import ANNA, users_file, without_ids
from tests.program import listed, output, refusal


def test_commands_create_use_and_migrate_a_store(home, postgres_url):
    assert "There is no store" in refusal("migrate", postgres_url)
    assert output("init", postgres_url, "--name-order", "swedish").startswith("Created an empty")
    assert "already" in refusal("init", postgres_url)
    assert "Nothing to migrate" in output("migrate", postgres_url)
    store = ("--store", postgres_url)
    output("import", users_file(home, *without_ids(ANNA)), *store)
    assert [user["user_name"] for user in listed(*store)] == [ANNA.user_name]
    assert "(1 user)" in output("info", *store)
    assert "pg_amcheck" in refusal("check", *store)


def test_roles_can_be_given_again(postgres_server, postgres_url):
    output("init", postgres_url)
    script = output("init", "--roles")
    name = conninfo_to_dict(postgres_url)["dbname"]
    with closing(psycopg.connect(postgres_server.admin_url(name))) as connection:
        for _ in range(2):
            connection.execute(script)
        # roles belong to all databases: the transaction is rolled back
