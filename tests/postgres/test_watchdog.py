"""The server of a run ends with it, however it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.postgres.programs import CHOSEN, REQUIRED, needed_programs
from tests.postgres.waiting import wait_until

ROOT = Path(__file__).parents[2]

USE = """\
from pathlib import Path
import psycopg

def test_server(postgres_server):
    Path("folder.new").write_text(str(postgres_server.folder))
    Path("folder.new").rename("folder")
    with psycopg.connect(postgres_server.admin_url()) as connection:
        connection.execute("SELECT pg_sleep(60)")
"""

WORKER_IS_KILLED = """\
import os
import signal
from pathlib import Path
import psycopg

def test_first(postgres_server):
    Path("folder").write_text(str(postgres_server.folder))
    os.kill(os.getpid(), signal.SIGKILL)

def test_second(postgres_server):
    assert Path("folder").read_text() == str(postgres_server.folder)
    psycopg.connect(postgres_server.admin_url()).close()
"""

PRIVATE = USE.replace("(postgres_server)", "(private_postgres)").replace(
    "postgres_server.", "private_postgres."
)

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("programs")]


@pytest.fixture
def programs() -> Path:
    return needed_programs()


def start(folder: Path, tests: str, *options: str) -> subprocess.Popen[bytes]:
    """Start pytest with these tests in a folder."""
    (folder / "test_it.py").write_text(tests)
    others = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    # the option -c leaves out our own settings
    arguments = ("-c", os.devnull, "-p", "tests.postgres.fixtures", "-p", "no:cacheprovider")
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments, *options, "test_it.py"],
        cwd=folder,
        env=others | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def has_ended(pid: int) -> bool:
    """Whether a process has ended, also if the process that inherited it has not noticed it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize(
    ("tests", "options"),
    [(USE, ()), (USE, ("-n", "1")), (PRIVATE, ())],
    ids=["run", "run with workers", "private server"],
)
def test_server_ends_when_pytest_is_killed(tmp_path, tests, options, how):
    with start(tmp_path, tests, *options) as run:
        wait_until(lambda: (tmp_path / "folder").exists() or run.poll() is not None)
        folder = Path((tmp_path / "folder").read_text())
        server = int((folder / "data/postmaster.pid").read_text().splitlines()[0])
        assert not has_ended(server)
        run.send_signal(how)
    wait_until(lambda: has_ended(server))
    wait_until(lambda: not folder.exists())


def test_server_outlives_the_worker_that_started_it(tmp_path):
    with start(tmp_path, WORKER_IS_KILLED, "-n", "1") as run:
        output, _ = run.communicate(timeout=120)
    assert b"1 failed, 1 passed" in output
    folder = Path((tmp_path / "folder").read_text())
    wait_until(lambda: not folder.exists())


def test_tests_that_do_not_need_a_server_start_none(tmp_path, monkeypatch):
    monkeypatch.setenv(CHOSEN, str(tmp_path))
    monkeypatch.setenv(REQUIRED, "1")
    with start(tmp_path, "def test_it(): pass") as run:
        output, _ = run.communicate(timeout=120)
    assert b"1 passed" in output
