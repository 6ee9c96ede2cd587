"""The commands of docs/backup.md back up a store on a server, and restore it."""

import os
import re
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from qm_tui.store import open_store
from tests.helpers import ANNA, user
from tests.postgres.programs import needed_programs
from tests.program import output
from tests.store.kinds import commit

_PAGE = (Path(__file__).parents[2] / "docs" / "backup.md").read_text()
_SECTION = _PAGE.split("\n## A store on a PostgreSQL server\n")[1].split("\n## ")[0]


def test_dump_of_the_page_is_restored(home, postgres_server, postgres_store_url, tmp_path):
    programs = needed_programs()
    if not (programs / "pg_dump").exists():
        pytest.skip(f"{programs} has no pg_dump")
    with closing(open_store(postgres_store_url)) as store:
        commit(store, ANNA, user("bo", location="Rome"))
    name = str(conninfo_to_dict(postgres_store_url)["dbname"])
    restored = f"{name}_restored"
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PGHOST": str(postgres_server.folder),
        "PGPORT": str(postgres_server.port),
        "PGUSER": "postgres",
    }
    try:
        for block in re.findall(r"(?:^    .*\n)+", _SECTION, re.MULTILINE):
            commands = re.sub(r"\bqms(_restored)?$", rf"{name}\1", block, flags=re.MULTILINE)
            commands = commands.replace("=qms_restored ", f"={restored} ")
            commands = commands.replace("/backup/", f"{tmp_path}/")
            subprocess.run(["sh", "-e", "-c", commands], check=True, env=environment, timeout=60)
        (dump,) = tmp_path.glob("*.dump")
        assert dump.stat().st_mode & 0o777 == 0o600
        digests = {
            output("copy", url, home / f"{number}.json").split()[-1]
            for number, url in enumerate((postgres_store_url, postgres_server.url(restored)))
        }
        assert len(digests) == 1
    finally:
        postgres_server.drop_database(restored)
