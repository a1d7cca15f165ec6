"""The composition root: the only module that wires all others together."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from functools import partial
from typing import Final

from fastapi import FastAPI

from townhall.chassis.db import Database
from townhall.chassis.rules.routes import rules_router
from townhall.chassis.serve import Service, Timer, assemble
from townhall.contracts import CATALOGUE
from townhall.contracts import voting as events
from townhall.contracts.values import TaskId
from voting import consumers, routes
from voting.domain.ballot import CastBallot
from voting.domain.vote import NoSuchVote
from voting.domain.voter_keys import Keyring
from voting.fast_path import FastPath
from voting.handlers import ballots
from voting.handlers import votes as handlers
from voting.intake import Answer, Intake
from voting.schemas.votes import VoteResponse
from voting.settings import Settings
from voting.state import VotingState
from voting.store import votes as vote_store
from voting.store.bulk_insert import BulkInsert
from voting.store.rules import RULES
from voting.tally_cache import TallyCache

ANNOUNCES: Final = tuple(kind for kind in CATALOGUE.values() if kind.TOPIC == events.TOPIC)
TIMER_SECONDS: Final = 0.5
"""Seconds between two runs of the timers that open and close votes."""


def build(settings: Settings) -> FastAPI:
    """Return the application. It opens no connection before it starts."""
    keyring = Keyring(settings.master_key_version, settings.masters)
    return assemble(
        Service(
            name="voting",
            title="Townhall: votes, ballots and the threshold",
            settings=settings,
            routers=[*routes.ROUTERS, rules_router(RULES)],
            subscriptions=consumers.subscriptions(keyring),
            announces=ANNOUNCES,
            timers=[
                Timer("open_due_votes", seconds=TIMER_SECONDS, act=handlers.open_due_votes),
                Timer("close_due_votes", seconds=TIMER_SECONDS, act=handlers.close_due_votes),
            ],
            resources=[partial(_counting, settings, keyring)],
            fast_path=FastPath if settings.fast_path else None,
        )
    )


@asynccontextmanager
async def _counting(settings: Settings, keyring: Keyring, db: Database) -> AsyncIterator[VotingState]:
    """Run the intake for the lifetime of the service; on shutdown it counts what is queued before `db` closes."""

    async def count(cast_ballots: Sequence[CastBallot]) -> Sequence[Answer]:
        async with db.transaction() as tx:
            return await ballots.count_ballots(tx, cast_ballots, keyring)

    async def load(task_id: TaskId) -> bytes:
        async with db.reading() as session:
            found = await vote_store.get(session, task_id)
        if found is None:
            raise NoSuchVote
        return VoteResponse.of(found).model_dump_json().encode()

    bulk_insert = BulkInsert(db.session_url, keyring, db.generation)
    intake = Intake(
        count,
        capacity=settings.intake_capacity,
        group_size=settings.intake_group_size,
        count_in_bulk=partial(ballots.count_in_bulk, bulk_insert),
    )
    with closing(bulk_insert):
        async with intake.running():
            yield VotingState(keyring, intake, TallyCache(load))
