"""Killed servers and programs: acknowledged changes are saved, and no incomplete ones."""

import psycopg
import pytest

from qm_tui.store.postgres.schema import initialize
from qm_tui.store.postgres.server.location import parse_location
from tests.helpers import sample_cases
from tests.postgres.citus import AnyNode
from tests.postgres.conftest import both
from tests.postgres.kills import Trials, kill_programs, kill_server


def _verify(done: Trials, kills: int) -> None:
    assert not done.errors, f"{len(done.errors)}; the first: {done.errors[0]}"
    assert done.kills == kills
    assert done.outcomes["saved"] > kills


@pytest.mark.parametrize("case", sample_cases([(5, 1), (50, 2)], [0]))
def test_killed_server_loses_nothing_that_it_acknowledged(private_postgres, case):
    kills, seed = case
    name = private_postgres.create_database()
    url = private_postgres.url(name)
    initialize(parse_location(url))
    with psycopg.connect(private_postgres.admin_url(), autocommit=True) as connection:
        # so that many kills come between a commit and its answer
        for setting in ("commit_delay = 30000", "commit_siblings = 0"):
            connection.execute(f'ALTER DATABASE "{name}" SET {setting}'.encode())
    done = kill_server(private_postgres, url, kills, seed)
    _verify(done, kills)
    assert done.outcomes.keys() <= {"saved", "failed", "unknown"}
    assert done.outcomes["failed"]
    assert done.outcomes["unknown"] or kills < 20


@pytest.mark.parametrize("case", sample_cases([(5, 1), (50, 2)], [0]))
def test_killed_nodes_lose_nothing_that_was_acknowledged(private_citus, case):
    kills, seed = case
    url = private_citus.url(private_citus.create_database())
    initialize(parse_location(url))
    done = kill_server(AnyNode(private_citus, seed), url, kills, seed)
    _verify(done, kills)
    assert done.outcomes.keys() <= {"saved", "failed", "unknown"}
    assert done.outcomes["failed"]


@both
@pytest.mark.parametrize("case", sample_cases([(5, 1), (50, 2)], [0]))
def test_killed_programs_leave_nothing_half(store_url, case):
    kills, seed = case
    _verify(kill_programs(store_url, kills, seed), kills)
