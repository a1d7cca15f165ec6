"""Drives the handlers of voting on a real database, and reads what they stored and announced."""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from townhall.chassis.db import Database
from townhall.chassis.settings import ServiceSettings
from townhall.chassis.state import state_of
from townhall.contracts import proposal
from townhall.contracts.values import RuleUsed, TaskId
from townhall.rejected import Rejected
from voting.domain.ballot import CastBallot, Choice, Counted
from voting.domain.parameters import Parameters
from voting.domain.vote import VoteNotOpen
from voting.domain.voter_keys import Keyring
from voting.handlers import ballots as ballot_handlers
from voting.handlers import votes as vote_handlers
from voting.settings import Settings
from voting.store import votes
from voting.store.bulk_insert import BulkInsert
from voting.store.rules import RULES
from voting.store.votes import VoteDetails

KEYRING = Keyring(1, {1: bytes(range(32))})
T = TypeVar("T")
YES, NO = Choice.YES, Choice.NO
MONTH = timedelta(days=30)

BOTH_PATHS = pytest.mark.parametrize("harness", [False, True], indirect=True, ids=["rules only", "bulk insert first"])
"""Runs the tests of a module twice: with all ballots counted by the rules, and with the bulk insert before them."""

_RECOUNT = text("""
    SELECT count(*) FILTER (WHERE choice = 'yes'), count(*) FILTER (WHERE choice = 'no')
    FROM (
        SELECT DISTINCT ON (voter) choice FROM accepted_ballot WHERE task_id = :task_id ORDER BY voter, id DESC
    ) AS last
""")
_CURRENT = text("""
    SELECT count(*) FILTER (WHERE choice), count(*) FILTER (WHERE NOT choice)
    FROM current_ballot JOIN vote ON vote.id = vote_id WHERE task_id = :task_id
""")
_OVER = text("SELECT clock_timestamp() >= closes_at FROM vote WHERE task_id = :task_id")
_WAIT = text("""
    SELECT pg_sleep(greatest(0, extract(epoch FROM closes_at - clock_timestamp()))) FROM vote WHERE task_id = :task_id
""")
_BALLOTS = text("SELECT count(*) FROM accepted_ballot WHERE task_id = :task_id")
_ANNOUNCED = text("""
    SELECT headers ->> 'ce_type' AS type, convert_from(payload, 'UTF8')::jsonb AS payload
    FROM outbox WHERE key = CAST(:task_id AS text) ORDER BY id
""")


def task(now: datetime, *, opens: timedelta = -MONTH, closes: timedelta = MONTH) -> proposal.TaskSelected:
    """Return the event of a task that was selected for a vote."""
    return proposal.TaskSelected(
        task_id=TaskId(uuid4()),
        title="골목길 조명",
        origin="government",
        proposal_ids=(),
        reason="public-interest",
        opens_at=now + opens,
        closes_at=now + closes,
        rule=RuleUsed(version=1, article="제1조"),
    )


def cast_ballots(task_id: TaskId, yes: Iterable[str] = (), no: Iterable[str] = ()) -> list[CastBallot]:
    """Return ballots of these citizens."""
    return [CastBallot(task_id, name, YES) for name in yes] + [CastBallot(task_id, name, NO) for name in no]


@dataclass
class VotingHarness:
    """Voting on one database."""

    db: Database
    keyring: Keyring = KEYRING
    bulk_insert: bool = False
    """Whether the bulk insert comes first, as in the service, or all ballots are counted by the rules."""

    async def enact(self, more_than: int, *, changeable: bool = True) -> None:
        """Enact a rule, in force at once."""
        async with self.db.transaction() as tx:
            rule = Parameters(yes_more_than=more_than, ballots_changeable=changeable)
            await RULES.enact(tx, "제5조", rule, None)

    def use_keys_of(self, app: FastAPI) -> None:
        """Use the master keys of a service from now on."""
        settings = state_of(app, ServiceSettings)
        assert isinstance(settings, Settings)
        self.keyring = Keyring(settings.master_key_version, settings.masters)

    async def schedule(self, **period: timedelta) -> TaskId:
        """Schedule a vote, open at once unless `opens` is later; return its task."""
        async with self.db.transaction() as tx:
            selected = task(tx.now, **period)
            await vote_handlers.schedule_votes(tx, [selected], self.keyring)
        return selected.task_id

    async def count(self, ballots: Sequence[CastBallot], db: Database | None = None) -> list[Counted | Rejected]:
        """Count a group on the path of this harness; return the answer to each ballot."""
        first: Sequence[Counted | None] = [None] * len(ballots)
        if self.bulk_insert:
            with closing(BulkInsert((db or self.db).dsn, self.keyring)) as bulk_insert:
                first = await ballot_handlers.count_in_bulk(bulk_insert, ballots)
        left = [ballot for ballot, answer in zip(ballots, first, strict=True) if answer is None]
        async with (db or self.db).transaction() as tx:
            rest = iter(await ballot_handlers.count_ballots(tx, left, self.keyring))
        return [answer or next(rest) for answer in first]

    async def cast(self, cast_ballot: CastBallot, db: Database | None = None) -> str:
        """Count one ballot in a transaction of its own; return its outcome or the code of its refusal."""
        return outcome((await self.count([cast_ballot], db))[0])

    async def run_timers(self) -> tuple[int, int]:
        """Run both timers once; return how many votes they opened and closed."""
        async with self.db.transaction() as tx:
            opened = await vote_handlers.open_due_votes(tx)
        async with self.db.transaction() as tx:
            return opened, await vote_handlers.close_due_votes(tx)

    async def details(self, task_id: TaskId) -> VoteDetails:
        """Return a vote with its totals."""
        async with self.db.reading() as session:
            found = await votes.get(session, task_id)
        assert found is not None
        return found

    async def totals(self, task_id: TaskId) -> tuple[int, int]:
        """Return the totals, after checking that current ballots and a recount of all ballots agree with them (V6)."""
        async with self.db.reading() as session:
            tally = (await self.details(task_id)).tally
            recounts = [(await session.execute(each, {"task_id": task_id})).one() for each in (_RECOUNT, _CURRENT)]
        assert recounts == [(tally.yes, tally.no)] * 2
        return tally.yes, tally.no

    async def ballots(self, task_id: TaskId) -> int:
        """Return the number of ballots ever accepted."""
        async with self.db.reading() as session:
            return int((await session.execute(_BALLOTS, {"task_id": task_id})).scalar_one())

    async def announced(self, task_id: TaskId) -> list[tuple[str, Any]]:
        """Return the events announced about a task, in order: short type and payload."""
        async with self.db.reading() as session:
            rows = (await session.execute(_ANNOUNCED, {"task_id": str(task_id)})).all()
        return [(row.type.removeprefix("voting.").removesuffix(".v1"), row.payload) for row in rows]

    async def until_closing_time(self, task_id: TaskId) -> None:
        """Return when the vote's closing time has passed by the database's clock, which waits for it."""
        while True:
            async with self.db.reading() as session:
                await session.execute(_WAIT, {"task_id": task_id})
                if (await session.execute(_OVER, {"task_id": task_id})).scalar_one():
                    return

    async def cast_until_closed(self, task_id: TaskId, name: str, db: Database) -> int:
        """Cast ballots of new citizens until one is refused because the vote is over; return how many were counted."""
        for number in count():
            result = await self.cast(CastBallot(task_id, f"{name}-{number}", YES), db)
            if result == VoteNotOpen.code:
                return number
            assert result == "counted"
        raise AssertionError


def outcome(answer: Counted | Rejected) -> str:
    """Return the outcome of an answer, or the code of its refusal."""
    return answer.code if isinstance(answer, Rejected) else answer.outcome.value


async def concurrently(*steps: Awaitable[T], at_once: int = 8) -> list[T]:
    """Run awaitables concurrently, at most this many at once; return their results, or raise the first error.

    A pool has 8 connections, and a step that waits longer than 5 s for one of them fails.
    """
    permits = asyncio.Semaphore(at_once)

    async def run(step: Awaitable[T]) -> T:
        async with permits:
            return await step

    return list(await asyncio.gather(*map(run, steps)))
