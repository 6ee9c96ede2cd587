"""What the roles of `roles.sql` may read and change."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import product
from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg import errors as pg

from qm_tui.errors import UserError
from qm_tui.store.changes.bulk import BulkChange, by_ids, commit_bulk
from qm_tui.store.changes.edit import add_user, save_edit
from qm_tui.store.errors import StoreError, StoreReadOnly
from qm_tui.store.interface import Action, TransactionKind, UserChange, UserStore
from qm_tui.store.postgres.schema import initialize, roles_script
from qm_tui.store.postgres.server.location import parse_location
from qm_tui.store.state import FIRST, LAST, State
from qm_tui.transfer.exporting.export import require_secrets
from qm_tui.transfer.importing import ImportRequest, import_users
from qm_tui.transfer.options.export_options import ExportOptions
from qm_tui.users.fields import SECRETS, User
from qm_tui.users.query.columns import COLUMN
from qm_tui.users.query.filter_fields import FILTER_FIELDS, FilterKind
from qm_tui.users.query.filter_parser import FilterSyntaxError, parse_filter
from qm_tui.users.query.query import NO_SELECTION, Query, these
from qm_tui.users.query.views import SortKey
from tests.helpers import ANNA, undo, user, users_file, users_of, without_ids
from tests.postgres.citus import start_cluster
from tests.postgres.conftest import Opened
from tests.postgres.programs import needed_citus, needed_programs
from tests.postgres.server import OWNER, Server, ServerAddress
from tests.store.kinds import commit

BO, CY = user("bo", location="Rome"), user("cy")
VIEWER, ADMIN, STRANGER = "vera", "adam", "sam"


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("postgres", marks=pytest.mark.postgres),
        pytest.param("citus", marks=pytest.mark.citus),
    ],
)
def roles_server(request: pytest.FixtureRequest) -> Iterator[ServerAddress]:
    """A server with three more roles, as roles belong to all databases of a server."""
    server: ServerAddress
    with ExitStack() as stack:
        if request.param == "citus":
            server = cluster = start_cluster(needed_citus(), fsync=False)
            for node in cluster.nodes:
                stack.callback(node.remove)
        else:
            server = alone = Server(needed_programs(), fsync=False)
            stack.callback(alone.remove)
            alone.start()
        with server.database() as name:
            # Citus tells all nodes only of roles that it was told of in the same database
            initialize(parse_location(server.url(name)))
            _give_roles(server.admin_url(name), begin="CREATE ROLE {0} LOGIN")
        yield server


def _give_roles(url: str, begin: str = "") -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(roles_script().encode())
        for role in (VIEWER, ADMIN, STRANGER):
            connection.execute(begin.format(role).encode())
        connection.execute(f"GRANT qm_tui_viewer TO {VIEWER}".encode())
        connection.execute(f"GRANT qm_tui_admin TO {ADMIN}".encode())


class Urls(NamedTuple):
    """The URLs of a store, by role."""

    owner: str
    viewer: str
    admin: str
    stranger: str


@pytest.fixture
def urls(roles_server: ServerAddress) -> Iterator[Urls]:
    with roles_server.database() as name:
        urls = Urls(*(roles_server.url(name, one) for one in (OWNER, VIEWER, ADMIN, STRANGER)))
        initialize(parse_location(urls.owner))
        _give_roles(roles_server.admin_url(name))
        yield urls


@pytest.fixture
def owner(urls: Urls, opened: Opened, tmp_path: Any) -> UserStore:
    """The store of the owner, with a history."""
    store = opened(urls.owner)
    commit(store, ANNA, BO, user("äa", user_name="bо"))
    import_users(ImportRequest(users_file(tmp_path, *without_ids(CY))), store)
    commit(store, ANNA._replace(password="new-word", salt="new-salt", location="Paris"))
    commit(store, delete=(BO.user_id,))
    undo(store, 4)
    return store


def _no_secrets(one: User) -> User:
    return one._replace(**{field.key: "" for field in SECRETS})


def _queries() -> Iterator[Query]:
    for name, one in FILTER_FIELDS.items():
        if one.kind is FilterKind.PASSWORD:
            continue  # see below
        values = one.values or ("anna", "*n*", "=Oslo", '"x"', '""')
        if one.kind is FilterKind.CHANGED:
            values = ("today",)
        elif one.kind is FilterKind.IMPORT:
            values = ("last", "2")
        elif one.kind is FilterKind.DUPLICATE:
            values = ("extension", "user_name")
        for value, negation in product(values, ("", "-")):
            yield Query(parse_filter(f"{negation}{name}:{value}"), marked=these([ANNA.user_id]))
    for key, descending in product(COLUMN, (False, True)):
        yield Query((), (SortKey(key, descending),))
    for text in ("ann", "a", "*osl*", "=Oslo"):
        yield Query(parse_filter(text))


def _answers(state: State) -> list[object]:
    """Return what a state answers to every question."""
    found: list[object] = []
    for query in _queries():
        found += [
            [list(map(_no_secrets, users)) for users in state.stream(query)],
            [list(user_ids) for user_ids in state.ids(query)],
            [
                list(map(_no_secrets, state.window(query, place, 2).users))
                for place in (FIRST, LAST)
            ],
            (state.count(query), state.count(query, enough=1)),
            dict(state.groups(("department", "is_active"), query)),
        ]
    ids = [ANNA.user_id, BO.user_id, "gone"]
    selection = NO_SELECTION.with_query(Query(parse_filter("oslo")), (), adds=True)
    return [
        *found,
        [one and _no_secrets(one) for one in state.users(ids)],
        state.owners(["anna", "x"]),
        state.look_alikes(["bo"]),
        state.selected(selection, ids),
        dict(state.numbers("location", ("Paris", "Rome"))),
        dict(state.holders("location", ("Paris", "Rome"), 2)),
        state.lookup([ANNA.user_id, "anna", "0412", "0413", "Anna Berg", "x"]),
        state.nearest_name("annna"),
        list(state.names_beginning("b")),
        (state.number, state.total),
    ]


def _without_secrets(store: UserStore) -> list[object]:
    """Return the history, with empty secrets."""
    keys = {field.key for field in SECRETS}

    def hidden(change: UserChange) -> object:
        return [
            values and {key: one for key, one in values.items() if key not in keys}
            for values in (change.before, change.after)
        ]

    histories = [
        entry for user_id in (ANNA.user_id, BO.user_id) for entry in store.user_history(user_id)
    ]
    changes = [change for number in range(1, 6) for change in store.transaction_changes(number)]
    return [
        store.transactions(),
        [(one.transaction, hidden(one.change)) for one in histories],
        [(one.user_id, hidden(one)) for one in changes],
        sorted(store.changed_user_ids(1, last=5)),
        store.history_removed_until(),
    ]


def test_viewer_gets_every_answer_of_the_owner_but_the_secrets(owner, urls, opened):
    viewer = opened(urls.viewer)
    assert _answers(viewer.state) == _answers(owner.state)
    assert _without_secrets(viewer) == _without_secrets(owner)
    everything = repr(
        [
            users_of(viewer.state),
            [list(viewer.transaction_changes(number)) for number in range(1, 6)],
            list(viewer.user_history(ANNA.user_id)),
            viewer.transactions(),
        ]
    )
    for secret in (ANNA.password, ANNA.salt, "new-word", "new-salt"):
        assert secret not in everything
        assert secret in repr([list(owner.user_history(ANNA.user_id))])
    commit(owner, ANNA._replace(location="Bonn"))
    before = viewer.state
    viewer.refresh()
    assert viewer.changes_since(before).changed == {ANNA.user_id}


def test_viewer_cannot_filter_by_password(owner, urls, opened):
    query = Query(parse_filter("password:none-yet"))
    assert owner.state.count(query).number == 0
    with pytest.raises(FilterSyntaxError, match="Your role may not read passwords"):
        opened(urls.viewer).state.count(query)


def test_viewer_cannot_write(owner, urls, opened):
    viewer = opened(urls.viewer)
    assert "may only read" in viewer.read_only_reason
    with pytest.raises(StoreReadOnly, match=r"may only read\.$"):
        commit(viewer, CY)
    assert owner.state.number == 5


_TABLES = ("users", "names", "changes", "transactions", "head", "store", "staged")
_READ_BY_VIEWERS = [
    "SELECT password FROM qm_tui.users",
    "SELECT salt FROM qm_tui.users",
    "SELECT * FROM qm_tui.users",
    "SELECT u FROM qm_tui.users u",
    "SELECT count(*) FROM qm_tui.users WHERE password LIKE 'E%'",
    "SELECT secrets_before FROM qm_tui.changes",
    "SELECT secrets_after FROM qm_tui.changes",
    "SELECT * FROM qm_tui.staged",
    "SELECT nextval('qm_tui.transaction_ids')",
    "CREATE TABLE qm_tui.other ()",
]
_WRITTEN_BY_VIEWERS = [
    *map("DELETE FROM qm_tui.{}".format, _TABLES),
    *(f"TRUNCATE qm_tui.{table}" for table in _TABLES),
    "UPDATE qm_tui.users SET location = ''",
    "UPDATE qm_tui.head SET number = number",
    "SELECT FROM qm_tui.head FOR UPDATE",
    "INSERT INTO qm_tui.names VALUES ('x', 'x')",
]
_WRITTEN_BY_ADMINS = [
    *map("DELETE FROM qm_tui.{}".format, ("changes", "transactions", "head", "store")),
    *(f"TRUNCATE qm_tui.{table}" for table in _TABLES),
    *(f"DROP TABLE qm_tui.{table}" for table in _TABLES),
    "UPDATE qm_tui.changes SET user_id = user_id",
    "UPDATE qm_tui.changes SET before = NULL",
    "UPDATE qm_tui.transactions SET login = 'x'",
    "UPDATE qm_tui.transactions SET session_role = 'x'",
    "UPDATE qm_tui.store SET schema_version = 0",
    "INSERT INTO qm_tui.head (is_only, number, version, total) VALUES (true, 0, 0, 0)",
    "SET SESSION AUTHORIZATION qm_owner",
    "SET ROLE qm_owner",
    "INSERT INTO qm_tui.transactions (id, number, version, committed_at, session_role, login,"
    " address, kind, subject, details, digest, token, added, changed, deleted) VALUES"
    " (99, 99, 99, now(), 'qm_owner', '', '', 'edit', '', '', '', '', 0, 0, 0)",
]


@pytest.mark.parametrize(
    ("role", "statements"),
    [("viewer", _READ_BY_VIEWERS + _WRITTEN_BY_VIEWERS), ("admin", _WRITTEN_BY_ADMINS)],
)
def test_server_refuses_what_a_role_may_not_do(owner, urls, role, statements):
    with psycopg.connect(getattr(urls, role), autocommit=True) as connection:
        for statement in statements:
            with pytest.raises(pg.InsufficientPrivilege):
                connection.execute(statement.encode())
    assert len(owner.transactions()) == 5


def test_admin_can_make_all_changes(owner, urls, opened, tmp_path):
    admin = opened(urls.admin)
    assert admin.read_only_reason == ""
    assert users_of(admin.state) == users_of(owner.state)
    begin = users_of(admin.state)
    dora = add_user(admin, user("dora", user_id=""))
    save_edit(admin, dora, dora._replace(password="another", user_name="dorothea"))
    move = BulkChange(Action(TransactionKind.SET, "Location"), by_ids(begin), {"location": "Rom"})
    commit_bulk(admin, move, confirmed=len(begin))
    import_users(ImportRequest(users_file(tmp_path, *without_ids(user("eve")))), admin)
    delete = BulkChange(Action(TransactionKind.DELETE), by_ids([dora.user_id]), None)
    commit_bulk(admin, delete)
    for number in range(10, 5, -1):
        undo(admin, number)
    owner.refresh()
    assert users_of(admin.state) == users_of(owner.state) == begin
    assert owner.state.number == 15


def test_session_role_is_that_of_the_server_and_cannot_be_changed(owner, urls, opened):
    admin = opened(urls.admin)
    if not admin._server.rights.is_distributed:  # nodes of Citus would refuse this role
        with admin._server.connection() as connection:
            connection.execute("SET ROLE qm_tui_admin")
    commit(admin, BO._replace(location="Bonn"))
    owner.refresh()
    assert owner.transactions()[0].login.endswith(f"({ADMIN})")
    with psycopg.connect(urls.owner) as connection:
        rows = connection.execute(
            "SELECT session_role, login FROM qm_tui.transactions ORDER BY number"
        ).fetchall()
    assert [role for role, _ in rows] == [OWNER] * 5 + [ADMIN]
    assert all(login for _, login in rows)


def test_role_without_rights_is_refused(owner, urls, opened):
    with pytest.raises(
        StoreError, match=r"Ask its owner for the role qm_tui_viewer or qm_tui_admin\.$"
    ):
        opened(urls.stranger)


def test_viewer_exports_only_without_passwords(owner, urls, opened):
    state = opened(urls.viewer).state
    with pytest.raises(UserError, match="may not read passwords"):
        require_secrets(state, ExportOptions())
    require_secrets(state, ExportOptions(passwords=False))
    require_secrets(owner.state, ExportOptions())


def test_viewer_plans_no_import(owner, urls, opened, tmp_path):
    viewer, path = opened(urls.viewer), users_file(tmp_path, *without_ids(CY))
    with pytest.raises(StoreReadOnly, match="may not read passwords"):
        import_users(ImportRequest(path), viewer, dry_run=True)
