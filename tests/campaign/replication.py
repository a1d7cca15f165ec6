"""PostgreSQL as a primary with a synchronous standby, which takes over when the primary is lost, again and again."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from townhall.chassis.retrying import sleep
from townhall.embedded import Postgres, Standby, standby
from townhall.embedded.databases import connected
from townhall_local.up.infrastructure import Infrastructure

STREAMS_WITHIN: Final = 20.0
LAG: Final = 0.3
"""Seconds by which the standby is behind a primary that is killed: what was acknowledged then must be on both."""

_SENDER: Final = "SELECT pid FROM pg_stat_replication"

Lose = Callable[[Postgres, Standby], Awaitable[None]]


@dataclass
class Replication:
    """The standby of `infrastructure.postgres`, and the primary before that."""

    infrastructure: Infrastructure
    directory: Path
    in_starter: Callable[[Callable[[], None]], Awaitable[None]]
    """Starts a process on the thread for that."""
    port: int = 0
    """Where the next standby listens; the URLs of the services name two addresses."""
    follower: Standby | None = None
    retired: Postgres | None = None
    """A primary that was made read-only and still has its connections."""
    number: int = 0

    async def start(self) -> None:
        """Start a standby, and let every commit wait for it from now on."""
        self.number += 1
        if self.retired is not None:
            await asyncio.to_thread(self.retired.stop)
            self.retired = None
        made = Standby(self.directory / f"postgres-{self.number}", self.infrastructure.postgres, port=self.port)
        await self.in_starter(made.start)
        async with asyncio.timeout(STREAMS_WITHIN):
            while not await standby.streams(self.infrastructure.postgres):
                await sleep(0.05)
            await standby.make_synchronous(self.infrastructure.postgres)
        self.port, self.follower = made.port, made

    def both(self, url: str) -> str:
        """Return a URL that names both servers."""
        primary, other = self.infrastructure.postgres.address, f"127.0.0.1:{self.port}"
        return url.replace(f"{primary}/", f"{primary},{other}/") + "?target_session_attrs=read-write"

    async def fail_over(self, lose: Lose) -> None:
        """Lose the primary and promote the standby; make a new standby first if there is none."""
        if self.follower is None:
            await self.start()
        old, new = self.infrastructure.postgres, self.follower
        assert new is not None
        await lose(old, new)
        await new.promote()
        self.infrastructure.postgres, self.follower, self.port = new, None, old.port
        self.retired = old if old.running else None

    def kill(self) -> None:
        """End the servers that are not `infrastructure.postgres`."""
        for server in (self.follower, self.retired):
            if server is not None:
                _send(server, signal.SIGKILL)
                server.kill()


async def kill(primary: Postgres, _follower: Standby) -> None:
    """Kill the primary with all its processes, some time after it last sent anything to the standby."""
    async with connected(primary.url) as server:
        sender = await server.fetchval(_SENDER)
    os.kill(sender, signal.SIGSTOP)
    await sleep(LAG)
    _send(primary, signal.SIGKILL)
    primary.kill()


async def stop(primary: Postgres, _follower: Standby) -> None:
    """Shut the primary down in order."""
    await asyncio.to_thread(primary.stop)


async def fence(primary: Postgres, _follower: Standby) -> None:
    """Make the primary read-only, and wait until the standby has all it wrote."""
    await standby.fence(primary)
    while not await standby.caught_up(primary):
        await sleep(0.05)


LOSSES: Final = {"kill-primary": kill, "stop-primary": stop, "fence-primary": fence}
"""How a primary is lost, by the act of the schedule."""


def _send(server: Postgres, number: signal.Signals) -> None:
    """Send a signal to all processes of a server."""
    with suppress(psutil.NoSuchProcess):
        postmaster = psutil.Process(server.pid)
        for each in (postmaster, *postmaster.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                each.send_signal(number)
