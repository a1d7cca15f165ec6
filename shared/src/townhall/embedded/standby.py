"""A standby of an embedded PostgreSQL: a copy that follows it by streaming replication and can take its place."""

from pathlib import Path
from typing import Final

import asyncpg
from typing_extensions import override

from townhall.embedded.binaries import postgres_binaries
from townhall.embedded.databases import connected
from townhall.embedded.postgres import SUPERUSER, DataPath, Postgres
from townhall.embedded.process import CannotStart, Owner, last_line, run

_SYNCHRONOUS: Final = ("ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (*)'", "SELECT pg_reload_conf()")
_IS_SYNCHRONOUS: Final = "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')"
_COMMIT: Final = "SELECT pg_logical_emit_message(true, 'townhall', 'synchronous')"
_READ_ONLY: Final = ("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
_STREAMS: Final = "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE state = 'streaming')"
_CAUGHT_UP: Final = "SELECT pg_current_wal_lsn() = (SELECT min(replay_lsn) FROM pg_stat_replication)"
# The usual five seconds between attempts would be most of a test's time.
_RETRY: Final = "wal_retrieve_retry_interval=200ms"


class Standby(Postgres):
    """A standby of `primary`. `start` copies the cluster first, which takes a second or two."""

    NAME = "The standby of PostgreSQL"

    def __init__(self, directory: Path, primary: Postgres, *, port: int = 0) -> None:
        super().__init__(directory, password=primary.password, port=port, settings=[*primary.settings, _RETRY])
        self.primary = primary

    @override
    def _fill(self, data: DataPath, owner: Owner) -> None:
        host, _, port = self.primary.address.partition(":")
        source = ["-h", host, "-p", port, "-U", SUPERUSER, "-w"]
        copy = ["-D", data.path, "-R", "-X", "stream", "-c", "fast", "-C", "-S", "standby", "--no-sync"]
        done = run(
            [postgres_binaries(owner) / "pg_basebackup", *source, *copy],
            owner,
            pass_fds=data.pass_fds,
            env={"PGPASSWORD": self.password},  # also written into the copy, for streaming
        )
        if done.returncode:
            raise CannotStart(f"PostgreSQL can't be copied into {self.directory}: {last_line(done.stderr)}")

    async def promote(self) -> None:
        """Let it take writes; returns when it does."""
        async with connected(self.url) as server:
            await server.execute("SELECT pg_promote(true, 30)")


async def streams(primary: Postgres) -> bool:
    """Return whether a standby receives what the primary writes; False if that does not answer."""
    try:
        async with connected(primary.url) as server:
            return bool(await server.fetchval(_STREAMS))
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False


async def make_synchronous(primary: Postgres) -> None:
    """Let every commit wait until the standby has it; returns when it has all that was committed before, too.

    Only after the copy: a copy would have the setting as well, and wait for a standby of its own once it is promoted.
    """
    async with connected(primary.url) as server:
        for statement in _SYNCHRONOUS:
            await server.execute(statement)
        while not await server.fetchval(_IS_SYNCHRONOUS):
            await server.execute("SELECT pg_sleep(0.02)")
        await server.execute(_COMMIT)


async def fence(primary: Postgres) -> None:
    """Make a primary refuse writes, for new and for open connections."""
    async with connected(primary.url) as server:
        for statement in _READ_ONLY:
            await server.execute(statement)


async def caught_up(primary: Postgres) -> bool:
    """Return whether the standby has applied all that a fenced primary has written."""
    async with connected(primary.url) as server:
        return bool(await server.fetchval(_CAUGHT_UP))
