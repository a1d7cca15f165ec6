"""The composition root: what this service is made of, top to bottom."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from functools import partial
from typing import Final

from fastapi import FastAPI

from townhall.chassis.db import Database
from townhall.chassis.rules_routes import rules_router
from townhall.chassis.serve import Service, Timer, assemble
from townhall.contracts import CATALOGUE, voting
from townhall.contracts.values import TaskId
from voting import consumers, handlers, routes
from voting.domain.ballot import CastBallot
from voting.domain.nullifier import Keyring
from voting.fast_path import FastPath
from voting.intake import Intake
from voting.intake.grouping import Answer
from voting.tally_cache import TallyCache
from voting.schemas import VoteResponse
from voting.settings import Settings
from voting.store.bulk_insert import BulkInsert

ANNOUNCES: Final = tuple(kind for kind in CATALOGUE.values() if kind.TOPIC == voting.TOPIC)
CLOCK: Final = 0.5
"""Seconds between looks at which votes are due."""


def build(settings: Settings) -> FastAPI:
    """Put the service together. Nothing is opened before it starts."""
    keyring = Keyring(settings.master_key_version, settings.masters)
    return assemble(
        Service(
            name="voting",
            title="Townhall: votes, ballots and the threshold",
            settings=settings,
            routers=[routes.router, rules_router(handlers.RULES)],
            subscriptions=consumers.subscriptions(keyring),
            announces=ANNOUNCES,
            timers=[
                Timer("open_due_votes", seconds=CLOCK, act=handlers.open_due_votes),
                Timer("close_due_votes", seconds=CLOCK, act=handlers.close_due_votes),
            ],
            companions=[partial(_counting, settings, keyring)],
            state={"keyring": keyring},
            fast_path=FastPath if settings.fast_path else None,
        )
    )


@asynccontextmanager
async def _counting(settings: Settings, keyring: Keyring, db: Database) -> AsyncIterator[Mapping[str, object]]:
    """Count ballots for the service's lifetime; what waits at its end is counted before the database closes."""

    async def count(cast_ballots: Sequence[CastBallot]) -> Sequence[Answer]:
        async with db.transaction() as tx:
            return await handlers.count_ballots(tx, cast_ballots, keyring)

    async def written(task_id: TaskId) -> bytes:
        return VoteResponse.of(await handlers.vote_shown(db, task_id)).model_dump_json().encode()

    bulk_insert = BulkInsert(db.dsn, keyring)
    intake = Intake(
        count, room=settings.intake_room, group=settings.intake_group, first=partial(handlers.count_first, bulk_insert)
    )
    with closing(bulk_insert):
        async with intake.working():
            yield {"intake": intake, "tally_cache": TallyCache(written)}
