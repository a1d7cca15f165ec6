"""Voting as it is served, with routes beside it that show what its parts cost. Run as `python -m bench.server`."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import FastAPI, Request

from townhall.chassis import logs
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.http import Db
from townhall.chassis.serve import serve
from townhall.chassis.settings import load
from townhall.contracts.values import TaskId
from voting import handlers
from voting.app import build
from voting.domain.ballot import Slip
from voting.papers import BallotPaper
from voting.settings import Settings

Citizen = Annotated[Caller, allow(Role.CITIZEN)]


def measured(settings: Settings) -> FastAPI:
    """Put voting together, and its parts beside it."""
    app = build(settings)
    one_at_a_time = asyncio.Semaphore(8)

    @app.get("/bench/empty")
    async def empty() -> dict[str, str]:
        """Routing and an answer."""
        return {}

    @app.put("/bench/noop/{task_id}")
    async def noop(task_id: UUID, paper: BallotPaper, who: Citizen) -> dict[str, str]:
        """All that a ballot costs but the counting."""
        return {"task_id": str(task_id), "choice": paper.choice.value, "outcome": "counted" if who.subject else ""}

    @app.put("/bench/single/{task_id}")
    async def single(task_id: UUID, paper: BallotPaper, who: Citizen, db: Db, request: Request) -> dict[str, Any]:
        """The same ballot in a transaction of its own."""
        slip = Slip(TaskId(task_id), who.subject, paper.choice)
        async with one_at_a_time, db.transaction() as tx:
            (answer,) = await handlers.count_ballots(tx, [slip], request.app.state.keyring)
        if isinstance(answer, Exception):
            raise answer
        return {"task_id": str(task_id), "choice": paper.choice.value, "outcome": answer.outcome.value}

    return app


if __name__ == "__main__":
    settings = load(Settings)
    logs.configure("voting", settings.log_level)
    serve(measured, settings)
