"""A primary and its synchronous standby with voting on top of them, citizens who vote, and how a primary is lost."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count, pairwise
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx
import psutil

from services.voting.tests.harness import VotingHarness
from tests.attacks.service import KEY, Service
from tests.journeys.processes import wait_until
from townhall.chassis import migrate
from townhall.chassis.db import Database
from townhall.chassis.retrying import sleep
from townhall.embedded import Postgres, Standby, databases, standby
from townhall.embedded.ports import HOST
from townhall.testing.tokens import Mint
from voting.domain.voter_keys import Keyring

CITIZENS: Final = 8
"""Citizens who vote at the same time."""
PATIENCE: Final = 40.0
_STORED: Final = "SELECT count(*) FROM current_ballot JOIN vote ON vote.id = vote_id WHERE task_id = $1 AND NOT choice"


@dataclass(frozen=True, slots=True)
class Pair:
    """A primary and the standby that every commit waits for."""

    primary: Postgres
    standby: Standby
    password: str

    @property
    def url(self) -> str:
        """Where voting's database is, whichever of them takes writes."""
        places = f"{self.primary.address},{self.standby.address}"
        return f"postgresql://voting:{self.password}@{places}/voting?target_session_attrs=read-write"

    async def stored(self, task_id: str) -> int:
        """Return how many citizens' second ballots the promoted standby has."""
        async with databases.connected(self.standby.url_of("voting", self.password, "voting")) as connection:
            return int(await connection.fetchval(_STORED, task_id))


@asynccontextmanager
async def pair(directory: Path) -> AsyncIterator[tuple[Pair, str]]:
    """Run both servers; yields them and the task of a vote that is open."""
    primary = Postgres(directory / "primary", password=uuid4().hex, durable=False)
    made = Pair(primary, Standby(directory / "standby", primary), uuid4().hex)
    try:
        primary.start()
        url = await databases.provide(primary.url, "voting", made.password)
        await migrate.upgrade(url, "voting")
        task_id = await _open_vote(url)
        made.standby.start()
        await wait_until(lambda: standby.streams(primary))
        await standby.make_synchronous(primary)
        yield made, task_id
    finally:
        for server in (made.standby, primary):
            _send(server, signal.SIGCONT)
            server.kill()


async def _open_vote(url: str) -> str:
    db = Database(url, source="voting")
    harness = VotingHarness(db, Keyring(1, {1: bytes.fromhex(KEY)}))
    await harness.enact(more_than=1_000_000)
    task_id = str(await harness.schedule())
    await db.close()
    return task_id


@dataclass
class Voting:
    """Citizens who each vote yes, then no, and repeat a ballot until it is acknowledged."""

    service: Service
    task_id: str
    mint: Mint
    acknowledged: list[float] = field(default_factory=list)
    """When each ballot was acknowledged; there are two of each citizen."""
    answers: set[int] = field(default_factory=set)
    without_retry_after: int = 0
    running: bool = True

    async def citizens(self) -> None:
        """Cast ballots until `running` is false and each that was begun is acknowledged."""
        numbers = count()
        async with httpx.AsyncClient(base_url=f"http://{HOST}:{self.service.port}", timeout=20) as http:
            await asyncio.gather(*(self._citizen(http, numbers) for _ in range(CITIZENS)))

    async def _citizen(self, http: httpx.AsyncClient, numbers: "count[int]") -> None:
        while self.running:
            header = self.mint("citizen", f"citizen-{next(numbers)}").header
            for choice in ("yes", "no"):  # by the bulk insert on its connection, then by the rules on one of the pool
                while not await self._vote(http, header, choice):
                    await sleep(0.02)

    async def _vote(self, http: httpx.AsyncClient, header: Mapping[str, str], choice: str) -> bool:
        """Send a ballot once; return whether it was acknowledged."""
        try:
            answer = await http.put(f"/votes/{self.task_id}/ballot", headers=header, json={"choice": choice})
        except httpx.HTTPError:
            return False
        self.answers.add(answer.status_code)
        self.without_retry_after += answer.status_code != HTTPStatus.OK and "retry-after" not in answer.headers
        if answer.status_code == HTTPStatus.OK:
            self.acknowledged.append(time.monotonic())
        return answer.status_code == HTTPStatus.OK

    @property
    def longest_gap(self) -> float:
        """The longest time without an acknowledged ballot, in seconds."""
        return max(later - earlier for earlier, later in pairwise(self.acknowledged))

    async def more(self, ballots: int) -> None:
        """Wait until so many more ballots are acknowledged."""
        target = len(self.acknowledged) + ballots

        async def reached() -> bool:
            return len(self.acknowledged) >= target

        await wait_until(reached, within=PATIENCE)


async def killed(servers: Pair) -> None:
    """The primary and all its processes die at once."""
    _send(servers.primary, signal.SIGKILL)
    servers.primary.kill()


async def stopped(servers: Pair) -> None:
    """The primary is shut down in order, while clients are connected."""
    await asyncio.to_thread(servers.primary.stop)


async def fenced(servers: Pair) -> None:
    """The primary is made read-only, and keeps its connections."""
    await standby.fence(servers.primary)
    await wait_until(lambda: standby.caught_up(servers.primary))


async def silent(servers: Pair) -> None:
    """The primary keeps its connections and never answers again."""
    _send(servers.primary, signal.SIGSTOP)


LOSSES: Final[Mapping[str, Callable[[Pair], Awaitable[None]]]] = {
    "killed": killed,
    "stopped": stopped,
    "fenced": fenced,
    "silent": silent,
}


def _send(server: Postgres, number: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        postmaster = psutil.Process(server.pid)
        for each in (postmaster, *postmaster.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                each.send_signal(number)
