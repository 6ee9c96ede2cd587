"""Commands on a store on a server."""

from contextlib import closing

import psycopg
from psycopg.conninfo import conninfo_to_dict

from qm_tui.store import open_store
from qm_tui.users.query.name_order import NAME_ORDERS
from tests.helpers import ANNA, user, users_file, without_ids
from tests.program import listed, output, refusal, run
from tests.store.kinds import commit


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


def test_new_value_is_a_warning_on_a_server_too(home, postgres_store_url):
    with closing(open_store(postgres_store_url)) as store:
        commit(store, ANNA, user("bo", location="Rome"))
    done = run("--store", postgres_store_url, "set", "anna", "location=Narvik")
    assert "Location 'Narvik' is not in use yet" in done.err


def test_help_of_init_lists_the_orders_of_names():
    text = " ".join(run("init", "--help").out.split())
    for name in NAME_ORDERS:
        assert name in text
