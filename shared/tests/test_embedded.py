"""The embedded servers start beside others, keep their data as documented, and never outlive their parent."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from townhall.embedded import CannotStart, Postgres, Tansu, databases

pytestmark = pytest.mark.process


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory that only its owner may enter, as `mktemp -d` makes them."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as made:
        yield Path(made)


@pytest.fixture
def postgres(directory: Path) -> Iterator[Postgres]:
    """A server of its own, with a password that needs care in URLs."""
    server = Postgres(directory / "a server", password="p w@/:'\"%", durable=False)
    server.start()
    yield server
    server.kill()


async def test_committed_rows_survive_a_kill(postgres: Postgres) -> None:
    """A commit that was acknowledged is there after kill -9 and restart."""
    async with databases.connected(postgres.url) as connection:
        await connection.execute("CREATE TABLE kept (i int); INSERT INTO kept VALUES (7)")
    postgres.kill()
    postgres.start()
    async with databases.connected(postgres.url) as connection:
        assert await connection.fetchval("SELECT i FROM kept") == 7


async def test_services_cannot_enter_each_other_s_database(postgres: Postgres) -> None:
    """One role, one database."""
    await databases.provide(postgres.url, "proposal", "one")
    voting = await databases.provide(postgres.url, "voting", "an'other")
    assert voting == await databases.provide(postgres.url, "voting", "an'other")
    async with databases.connected(voting) as connection:
        assert await connection.fetchval("SELECT current_user") == "voting"
    with pytest.raises(Exception, match="permission denied for database"):
        async with databases.connected(databases.url_of(postgres.url, "voting", "an'other", "proposal")):
            pass


def test_no_ancestor_is_opened_up(postgres: Postgres, directory: Path) -> None:
    """The modes of the directories above are as they were."""
    assert postgres.running
    assert directory.stat().st_mode & 0o777 == 0o700


def test_a_port_in_use_is_reported(directory: Path) -> None:
    """The second of two servers on the same port fails with one sentence."""
    first = Tansu(directory / "first")
    first.start()
    with pytest.raises(CannotStart, match="in use"):
        Tansu(directory / "second", port=first.port).start()
    first.stop()
    assert not first.running


def test_nothing_outlives_a_killed_parent(directory: Path) -> None:
    """Kill -9 of the process that started them ends the servers."""
    script = (
        "import sys; from pathlib import Path; from townhall.embedded import Postgres, Tansu\n"
        "home = Path(sys.argv[1])\n"
        "servers = [Postgres(home / 'p', password='x', durable=False), Tansu(home / 't')]\n"
        "for server in servers: server.start()\n"
        "print(*(server.pid for server in servers), flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        servers = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        os.kill(parent.pid, signal.SIGKILL)
    assert not psutil.wait_procs(servers, timeout=10)[1]
