"""The voting service with variants of the intake for some tasks, to measure the cost of its parts.

Run as `python -m bench.server`. Every request passes all layers down to the intake; the variants differ in what the
intake does with the ballot.
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
VARIANTS: Final = (NOTHING, SINGLE, STATEMENT)
"""Arguments are `VARIANT=TASK_ID`: ballots on that task use that variant."""
AT_ONCE: Final = 8
"""Concurrent single-ballot transactions: as many as there are connections."""

NEVER: Final = datetime(2000, 1, 1, tzinfo=UTC)

Take = Callable[[CastBallot, "asyncio.Future[Counted]"], None]


class VariantIntake:
    """An intake that uses another variant for some tasks."""

    def __init__(self, default: Intake, others: dict[TaskId, Take]) -> None:
        self._default = default
        self._others = others

    def take(self, cast_ballot: CastBallot, answer: "asyncio.Future[Counted]") -> None:
        """Take a ballot with the variant of its task."""
        self._others.get(cast_ballot.task_id, self._default.take)(cast_ballot, answer)


def nothing(cast_ballot: CastBallot, answer: "asyncio.Future[Counted]") -> None:
    """Answer without storing anything."""
    answer.set_result(Counted(Outcome.COUNTED, CurrentBallot(cast_ballot.choice, NEVER)))


def answered(cast: Callable[[CastBallot], Awaitable[Counted]]) -> Take:
    """Return a variant that answers with the result of a coroutine."""
    running_tasks: set[asyncio.Future[None]] = set()

    async def run(cast_ballot: CastBallot, answer: "asyncio.Future[Counted]") -> None:
        try:
            answer.set_result(await cast(cast_ballot))
        except Exception as error:  # noqa: BLE001  passed on as the answer
            answer.set_exception(error)

    def begin(cast_ballot: CastBallot, answer: "asyncio.Future[Counted]") -> None:
        running_tasks.add(task := asyncio.ensure_future(run(cast_ballot, answer)))
        task.add_done_callback(running_tasks.discard)

    return begin


class Single:
    """One transaction per ballot, as in a handler."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def cast(self, cast_ballot: CastBallot) -> Counted:
        """Count one ballot."""
        async with self._slots, state_of(self._app, Database).transaction() as tx:
            (answer,) = await ballots.count_ballots(tx, [cast_ballot], state_of(self._app, VotingState).keyring)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Statement:
    """One statement per ballot, the one of group commit, on one of several connections."""

    def __init__(self, app: FastAPI, keyring: Keyring) -> None:
        db = state_of(app, Database)
        self._free: asyncio.Queue[BulkInsert] = asyncio.Queue()
        for _ in range(AT_ONCE):
            self._free.put_nowait(BulkInsert(db.dsn, keyring))

    async def cast(self, cast_ballot: CastBallot) -> Counted:
        """Count one ballot."""
        connection = await self._free.get()
        try:
            (answer,) = await ballots.count_in_bulk(connection, [cast_ballot])
        finally:
            self._free.put_nowait(connection)
        if answer is None:
            raise LookupError
        return answer


def build_with_variants(settings: Settings) -> FastAPI:
    """Build voting with the variants for the tasks named in the arguments."""
    app = build(settings)
    variants: dict[str, Take] = {
        NOTHING: nothing,
        SINGLE: answered(Single(app).cast),
        STATEMENT: answered(Statement(app, Keyring(settings.master_key_version, settings.masters)).cast),
    }
    tasks = dict(argument.split("=") for argument in sys.argv[1:])
    others = {TaskId(UUID(task)): variants[name] for name, task in tasks.items()}
    default = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(running: FastAPI) -> AsyncIterator[Any]:
        async with default(running) as state:
            default_state = state_of(running, VotingState)
            variant_intake: Any = VariantIntake(default_state.intake, others)
            provide(running, replace(default_state, intake=variant_intake))
            yield state

    app.router.lifespan_context = lifespan
    app.add_api_route("/bench/empty", empty)
    return app


async def empty() -> dict[str, str]:
    """Return an empty response, without authentication."""
    return {}


if __name__ == "__main__":
    settings = load(Settings)
    logs.configure("voting", settings.log_level)
    serve(build_with_variants, settings)
