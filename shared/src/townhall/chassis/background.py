"""Background tasks of a service: started with it, restarted when they fail, cancelled when it stops."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from structlog import get_logger

from townhall.chassis.db import Database, Transaction
from townhall.chassis.retrying import retrying, sleep

HEALTHY: Final = 60.0
"""Seconds a task has to run for its next failure to count as the first: the backoff starts over."""

log = get_logger()

BackgroundTask: TypeAlias = Callable[[], Awaitable[None]]
"""Runs until it is cancelled; raises if it can't go on, and is then started again."""

Resource: TypeAlias = Callable[[Database], AbstractAsyncContextManager[object]]
"""Something that is open as long as the service runs. What it yields becomes state of the application, by its type."""


class Reported(Exception):
    """A task can't go on, for a cause that it logged itself: the retries are not logged."""


@dataclass(frozen=True, slots=True)
class Timer:
    """A periodic job, such as closing the votes whose time is over.

    `act` runs in a transaction of its own and returns how many rows it handled; if any, it runs again at once. Every
    replica runs it, so it locks its rows with `FOR UPDATE SKIP LOCKED`.
    """

    name: str
    seconds: float
    act: Callable[[Transaction], Awaitable[int]]

    async def run(self, db: Database) -> None:
        """Run the job until cancelled."""
        while True:
            async with db.transaction() as tx:
                handled = await self.act(tx)
            if not handled:
                await sleep(self.seconds)


@asynccontextmanager
async def running(tasks: Mapping[str, BackgroundTask]) -> AsyncIterator[None]:
    """Keep the tasks running while the block lasts; the keys are their names in the log."""
    started = [asyncio.create_task(_supervise(name, task), name=name) for name, task in tasks.items()]
    try:
        yield
    finally:
        for each in started:
            each.cancel()
        await asyncio.gather(*started, return_exceptions=True)


async def _supervise(name: str, task: BackgroundTask) -> None:
    while True:
        await retrying(lambda error: isinstance(error, Exception))(partial(_run, name, task))


async def _run(name: str, task: BackgroundTask) -> None:
    """Run a task until it fails. Raises what it raised, unless it was healthy before: then the backoff starts over."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        await task()
    except Exception as error:
        if not isinstance(error, Reported):
            log.warning("background_task_failed", task=name, error=type(error).__name__, exc_info=error)
        if loop.time() - began < HEALTHY:
            raise
