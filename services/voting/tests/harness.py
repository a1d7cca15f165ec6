"""A polling place on a real database: votes and ballots as one-line steps, and what the tables say of them."""

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
from townhall.contracts import proposal
from townhall.contracts.values import RuleUsed, TaskId
from townhall.rejected import Rejected
from voting import handlers
from voting.domain.ballot import CastBallot, Choice, Counted
from voting.domain.nullifier import Keyring
from voting.domain.parameters import Parameters
from voting.domain.vote import VoteNotOpen
from voting.settings import Settings
from voting.store import votes
from voting.store.bulk_insert import BulkInsert
from voting.store.votes import Shown

KEYRING = Keyring(1, {1: bytes(range(32))})
T = TypeVar("T")
YES, NO = Choice.YES, Choice.NO
MONTH = timedelta(days=30)

BOTH_WAYS = pytest.mark.parametrize("harness", [False, True], indirect=True, ids=["decided", "short way first"])
"""Marks a module whose tests hold whichever way ballots are counted."""

_RECOUNT = text("""
    SELECT count(*) FILTER (WHERE choice = 'yes'), count(*) FILTER (WHERE choice = 'no')
    FROM (SELECT DISTINCT ON (voter) choice FROM ballot WHERE task_id = :task_id ORDER BY voter, id DESC) AS last
""")
_STANDING = text("""
    SELECT count(*) FILTER (WHERE choice = 'yes'), count(*) FILTER (WHERE choice = 'no')
    FROM current_ballot WHERE task_id = :task_id
""")
_OVER = text("SELECT clock_timestamp() >= closes_at FROM vote WHERE task_id = :task_id")
_BALLOTS = text("SELECT count(*) FROM ballot WHERE task_id = :task_id")
_ANNOUNCED = text("""
    SELECT headers ->> 'ce_type' AS type, convert_from(payload, 'UTF8')::jsonb AS said
    FROM outbox WHERE key = CAST(:task_id AS text) ORDER BY id
""")


def task(now: datetime, *, opens: timedelta = -MONTH, closes: timedelta = MONTH) -> proposal.TaskSelected:
    """A task that was selected for the vote."""
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
    """Ballots of these citizens."""
    return [CastBallot(task_id, name, YES) for name in yes] + [CastBallot(task_id, name, NO) for name in no]


@dataclass
class VotingHarness:
    """Votes on one database."""

    db: Database
    keyring: Keyring = KEYRING
    bulk_insert: bool = False
    """Whether first ballots take the short way, as in the service, or all are decided by the rules."""

    async def enact(self, more_than: int, *, changeable: bool = True) -> None:
        """Put a rule in force."""
        async with self.db.transaction() as tx:
            rule = Parameters(yes_more_than=more_than, ballots_changeable=changeable)
            await handlers.RULES.enact(tx, "제5조", rule, None)

    def under_keys_of(self, app: FastAPI) -> None:
        """Put votes under the keys of a service from here on."""
        settings: Settings = app.state.settings
        self.keyring = Keyring(settings.master_key_version, settings.masters)

    async def schedule(self, **period: timedelta) -> TaskId:
        """Put a task to the vote; it is open at once unless `opens` says later."""
        async with self.db.transaction() as tx:
            selected = task(tx.now, **period)
            await handlers.schedule_votes(tx, [selected], self.keyring)
        return selected.task_id

    async def count(self, ballots: Sequence[CastBallot], db: Database | None = None) -> list[Counted | Rejected]:
        """Count a group as the service does, or all of it by the rules."""
        first: Sequence[Counted | None] = [None] * len(ballots)
        if self.bulk_insert:
            with closing(BulkInsert((db or self.db).dsn, self.keyring)) as bulk_insert:
                first = await handlers.count_first(bulk_insert, ballots)
        left = [ballot for ballot, answer in zip(ballots, first, strict=True) if answer is None]
        async with (db or self.db).transaction() as tx:
            rest = iter(await handlers.count_ballots(tx, left, self.keyring))
        return [answer or next(rest) for answer in first]

    async def cast(self, cast_ballot: CastBallot, db: Database | None = None) -> str:
        """Count one ballot alone; return its outcome, or the code of its refusal."""
        return said((await self.count([cast_ballot], db))[0])

    async def run_timers(self) -> tuple[int, int]:
        """Open and close what is due, once; return how many of each."""
        async with self.db.transaction() as tx:
            opened = await handlers.open_due_votes(tx)
        async with self.db.transaction() as tx:
            return opened, await handlers.close_due_votes(tx)

    async def shown(self, task_id: TaskId) -> Shown:
        """Read a vote as anyone may."""
        async with self.db.reading() as session:
            found = await votes.shown(session, task_id)
        assert found is not None
        return found

    async def totals(self, task_id: TaskId) -> tuple[int, int]:
        """Return the totals, once they equal what stands and a recount of all ballots (V6)."""
        async with self.db.reading() as session:
            tally = (await self.shown(task_id)).tally
            recounts = [(await session.execute(each, {"task_id": task_id})).one() for each in (_RECOUNT, _STANDING)]
        assert recounts == [(tally.yes, tally.no)] * 2
        return tally.yes, tally.no

    async def ballots(self, task_id: TaskId) -> int:
        """Return how many ballots were ever accepted."""
        async with self.db.reading() as session:
            return int((await session.execute(_BALLOTS, {"task_id": task_id})).scalar_one())

    async def announced(self, task_id: TaskId) -> list[tuple[str, Any]]:
        """Return what was announced about a task, in order."""
        async with self.db.reading() as session:
            rows = (await session.execute(_ANNOUNCED, {"task_id": str(task_id)})).all()
        return [(row.type.removeprefix("voting.").removesuffix(".v1"), row.said) for row in rows]

    async def until_time_is_over(self, task_id: TaskId) -> None:
        """Return once the database's clock has passed the vote's closing time."""
        while True:
            async with self.db.reading() as session:
                if (await session.execute(_OVER, {"task_id": task_id})).scalar_one():
                    return

    async def until_over(self, task_id: TaskId, name: str, db: Database) -> int:
        """Cast ballots of ever new citizens until the vote is over; return how many were counted."""
        for number in count():
            outcome = await self.cast(CastBallot(task_id, f"{name}-{number}", YES), db)
            if outcome == VoteNotOpen.code:
                return number
            assert outcome == "counted"
        raise AssertionError


def said(answer: Counted | Rejected) -> str:
    """Return the outcome of a ballot, or the code of its refusal."""
    return answer.code if isinstance(answer, Rejected) else answer.outcome.value


async def together(*steps: Awaitable[T]) -> list[T]:
    """Run steps at once; every one must succeed."""
    return list(await asyncio.gather(*steps))
