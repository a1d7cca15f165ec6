"""Votes: scheduled, opened, closed, and shown with their totals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from townhall.contracts.values import TaskId
from voting.domain.nullifier import SealedKey
from voting.domain.tally import Tally
from voting.domain.vote import State, Terms, Vote
from voting.store.tables import TallyRow, VoteRow

MOST_DUE = 100
"""Votes that one run of a timer opens or closes; it runs again at once when there were any."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A vote with its totals, as anyone may see it."""

    vote: Vote
    tally: Tally
    reached_at: datetime | None


async def add(session: AsyncSession, votes: Sequence[tuple[Vote, SealedKey]]) -> set[UUID]:
    """Store new votes, one at least, with totals of none; return the tasks that were not known before."""
    rows = [
        {
            "task_id": vote.task_id,
            "title": vote.title,
            "state": vote.state,
            "opens_at": vote.opens_at,
            "closes_at": vote.closes_at,
            "scheduled_at": vote.scheduled_at,
            "wrapped_key": key.wrapped,
            "key_version": key.version,
        }
        # In one order for all, so that nobody waits in a circle for a task that another is putting to the vote.
        for vote, key in sorted(votes, key=lambda each: each[0].task_id)
    ]
    added = insert(VoteRow).on_conflict_do_nothing().returning(col(VoteRow.task_id))
    new = set(await session.scalars(added, rows))
    if new:
        await session.execute(insert(TallyRow), [{"task_id": task_id, "yes": 0, "no": 0} for task_id in new])
    return new


async def lock_to_open(session: AsyncSession) -> Sequence[Vote]:
    """Lock scheduled votes whose time has come, leaving out those that somebody else is opening."""
    due = select(VoteRow).where(col(VoteRow.state) == State.SCHEDULED, col(VoteRow.opens_at) <= func.now())
    rows = await session.scalars(due.order_by(col(VoteRow.task_id)).limit(MOST_DUE).with_for_update(skip_locked=True))
    return [_vote(row) for row in rows]


async def lock_to_close(session: AsyncSession) -> Sequence[Shown]:
    """Lock open votes whose time is over, with their totals.

    Counting locks the same rows, so a vote with ballots in flight is left for the next run; none are begun after its
    time. The totals are read under the lock, by a statement of their own: the first may have waited for them.
    """
    due = select(VoteRow).where(col(VoteRow.state) == State.OPEN, col(VoteRow.closes_at) <= func.now())
    rows = await session.scalars(due.order_by(col(VoteRow.task_id)).limit(MOST_DUE).with_for_update(skip_locked=True))
    votes = [_vote(row) for row in rows]
    if not votes:
        return []
    found = await session.scalars(select(TallyRow).where(col(TallyRow.task_id).in_([vote.task_id for vote in votes])))
    tallies = {row.task_id: row for row in found}
    return [_shown(vote, tallies[vote.task_id]) for vote in votes]


async def save(session: AsyncSession, *votes: Vote) -> None:
    """Store where votes stand now, and the terms they opened under."""
    if votes:
        await session.execute(update(VoteRow), [_now(vote) for vote in votes])


def _now(vote: Vote) -> dict[str, Any]:
    values: dict[str, Any] = {"task_id": vote.task_id, "state": vote.state}
    if (terms := vote.terms) is not None:
        values |= {
            "rule_version": terms.version,
            "rule_article": terms.article,
            "more_than": terms.more_than,
            "ballots_changeable": terms.ballots_changeable,
        }
    return values


async def shown(session: AsyncSession, task_id: TaskId) -> Shown | None:
    """Read one vote with its totals."""
    found = (await session.execute(_SHOWN.where(col(VoteRow.task_id) == task_id))).one_or_none()
    return None if found is None else _shown(_vote(found[0]), found[1])


async def page(
    session: AsyncSession, state: State | None, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Shown]:
    """Read votes from the one that opens last, one more than the limit."""
    place = tuple_(col(VoteRow.opens_at), col(VoteRow.task_id))
    asked = _SHOWN.order_by(col(VoteRow.opens_at).desc(), col(VoteRow.task_id).desc()).limit(limit + 1)
    if state is not None:
        asked = asked.where(col(VoteRow.state) == state)
    if after is not None:
        asked = asked.where(place < tuple_(literal(after[0]), literal(after[1])))
    return [_shown(_vote(vote), tally) for vote, tally in await session.execute(asked)]


_SHOWN: Select[VoteRow, TallyRow] = select(VoteRow, TallyRow).join(
    TallyRow, col(TallyRow.task_id) == col(VoteRow.task_id)
)


def _shown(vote: Vote, row: TallyRow) -> Shown:
    return Shown(vote, Tally(row.yes, row.no), row.reached_at)


def _vote(row: VoteRow) -> Vote:
    terms = None
    if row.rule_version is not None and row.rule_article is not None and row.more_than is not None:
        terms = Terms(row.rule_version, row.rule_article, row.more_than, bool(row.ballots_changeable))
    return Vote(TaskId(row.task_id), row.title, State(row.state), row.opens_at, row.closes_at, row.scheduled_at, terms)
