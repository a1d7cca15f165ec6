"""Work that goes on beside the requests: started with the service, started again when it fails, stopped with it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from structlog import get_logger

from townhall.chassis.db import Database, Transaction
from townhall.chassis.waiting import pause, rest

log = get_logger()

Run = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Timer:
    """An act that is due from time to time, such as closing what has reached its time.

    `act` runs in a transaction of its own and returns how much it did: after anything but nothing it runs again at
    once. Several replicas run it, so it takes its rows with `FOR UPDATE SKIP LOCKED`.
    """

    name: str
    seconds: float
    act: Callable[[Transaction], Awaitable[int]]

    async def run(self, db: Database) -> None:
        """Act for ever."""
        while True:
            async with db.transaction() as tx:
                done = await self.act(tx)
            if not done:
                await rest(self.seconds)


@asynccontextmanager
async def going_on(works: Mapping[str, Run]) -> AsyncIterator[None]:
    """Keep every work running while the block lasts."""
    tasks = [asyncio.create_task(_for_ever(name, run), name=name) for name, run in works.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _for_ever(name: str, run: Run) -> None:
    failures = 0
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        try:
            await run()
        except Exception as fault:
            failures = 1 if loop.time() - began > 60 else failures + 1  # noqa: PLR2004  a minute of health
            log.warning("work_failed", work=name, fault=type(fault).__name__, failures=failures, exc_info=fault)
            await pause(failures)


Companion = Callable[[Database], AbstractAsyncContextManager[Mapping[str, object]]]
"""Something a service keeps for its lifetime; what it yields can be reached by routes as `app.state.<name>`."""
