"""Voting as it is served, but for ballots on some tasks, which show what the parts of their way cost.

Run as `python -m bench.server`. Every request takes the whole way to the intake and back; what differs is what the
intake does with it.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from fastapi import FastAPI

from townhall.chassis.db import Database
from townhall.chassis.serve import serve
from townhall.chassis.settings import load
from townhall.chassis.state import provide, state_of
from townhall.chassis.telemetry import logs
from townhall.contracts.values import TaskId
from voting.app import build
from voting.domain.ballot import CastBallot, Counted, CurrentBallot, Outcome
from voting.domain.voter_keys import Keyring
from voting.handlers import ballots
from voting.intake import Intake
from voting.settings import Settings
from voting.state import VotingState
from voting.store.bulk_insert import BulkInsert

NOTHING, SINGLE, STATEMENT = "nothing", "single", "statement"
WAYS: Final = (NOTHING, SINGLE, STATEMENT)
"""Given as arguments, `WAY=task`: the task whose ballots go that way."""
AT_ONCE: Final = 8
"""Ballots that have a transaction of their own at the same time: as many as there are connections."""

NEVER: Final = datetime(2000, 1, 1, tzinfo=UTC)

Take = Callable[[CastBallot, "asyncio.Future[Counted]"], None]


class Ways:
    """An intake that takes ballots on some tasks another way."""

    def __init__(self, usual: Intake, others: dict[TaskId, Take]) -> None:
        self._usual = usual
        self._others = others

    def take(self, cast_ballot: CastBallot, answer: "asyncio.Future[Counted]") -> None:
        """Take the way of the ballot's task."""
        self._others.get(cast_ballot.task_id, self._usual.take)(cast_ballot, answer)


def nothing(cast_ballot: CastBallot, answer: "asyncio.Future[Counted]") -> None:
    """Store nothing."""
    answer.set_result(Counted(Outcome.COUNTED, CurrentBallot(cast_ballot.choice, NEVER)))


def answered(cast: Callable[[CastBallot], Awaitable[Counted]]) -> Take:
    """Give what a coroutine returns as the answer."""
    at_work: set[asyncio.Future[None]] = set()

    async def work(cast_ballot: CastBallot, answer: "asyncio.Future[Counted]") -> None:
        try:
            answer.set_result(await cast(cast_ballot))
        except Exception as error:  # noqa: BLE001  it is the answer
            answer.set_exception(error)

    def begin(cast_ballot: CastBallot, answer: "asyncio.Future[Counted]") -> None:
        at_work.add(task := asyncio.ensure_future(work(cast_ballot, answer)))
        task.add_done_callback(at_work.discard)

    return begin


class Single:
    """The same ballot in a transaction of its own, as a handler does it."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._places = asyncio.Semaphore(AT_ONCE)

    async def cast(self, cast_ballot: CastBallot) -> Counted:
        """Count one."""
        async with self._places, state_of(self._app, Database).transaction() as tx:
            (answer,) = await ballots.count_ballots(tx, [cast_ballot], state_of(self._app, VotingState).keyring)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Statement:
    """The same ballot alone in the statement that groups take, on one of several connections."""

    def __init__(self, app: FastAPI, keyring: Keyring) -> None:
        db = state_of(app, Database)
        self._free: asyncio.Queue[BulkInsert] = asyncio.Queue()
        for _ in range(AT_ONCE):
            self._free.put_nowait(BulkInsert(db.dsn, keyring))

    async def cast(self, cast_ballot: CastBallot) -> Counted:
        """Count one."""
        line = await self._free.get()
        try:
            (answer,) = await ballots.count_in_bulk(line, [cast_ballot])
        finally:
            self._free.put_nowait(line)
        if answer is None:
            raise LookupError
        return answer


def measured(settings: Settings) -> FastAPI:
    """Put voting together, and take ballots on the named tasks other ways."""
    app = build(settings)
    ways: dict[str, Take] = {
        NOTHING: nothing,
        SINGLE: answered(Single(app).cast),
        STATEMENT: answered(Statement(app, Keyring(settings.master_key_version, settings.masters)).cast),
    }
    tasks = dict(word.split("=") for word in sys.argv[1:])
    others = {TaskId(UUID(task)): ways[way] for way, task in tasks.items()}
    usual = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(running: FastAPI) -> AsyncIterator[Any]:
        async with usual(running) as state:
            usual_state = state_of(running, VotingState)
            ways_of_tasks: Any = Ways(usual_state.intake, others)
            provide(running, replace(usual_state, intake=ways_of_tasks))
            yield state

    app.router.lifespan_context = lifespan
    app.add_api_route("/bench/empty", empty)
    return app


async def empty() -> dict[str, str]:
    """Answer from the framework, with nothing asked of the caller."""
    return {}


if __name__ == "__main__":
    settings = load(Settings)
    logs.configure("voting", settings.log_level)
    serve(measured, settings)
