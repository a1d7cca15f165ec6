"""Votes: added, locked when due, saved, and read with their totals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from townhall.chassis.http import Cursor
from townhall.contracts.values import TaskId
from voting.domain.tally import Tally
from voting.domain.vote import State, Terms, Vote
from voting.domain.voter_keys import SealedKey
from voting.store.tables import TallyRow, VoteRow

MAX_DUE: Final = 100
"""The most votes that one run of a timer opens or closes. After a run that found any the timer runs again at once."""

_WITH_TALLY: Final[Select[VoteRow, TallyRow]] = select(VoteRow, TallyRow).join(
    TallyRow, col(TallyRow.task_id) == col(VoteRow.task_id)
)


@dataclass(frozen=True, slots=True)
class VoteDetails:
    """A vote with its totals: all that is public about it."""

    vote: Vote
    tally: Tally
    reached_at: datetime | None
    """When the threshold was reached."""


async def add(session: AsyncSession, votes: Sequence[tuple[Vote, SealedKey]]) -> set[UUID]:
    """Store votes, at least one, with totals of zero. Returns the tasks that had none before; others are unchanged."""
    # Sorted, so that concurrent transactions insert in the same order and can't deadlock.
    rows = [_row(vote, key).model_dump(exclude={"id"}) for vote, key in sorted(votes, key=lambda each: each[0].task_id)]
    added = insert(VoteRow).on_conflict_do_nothing().returning(col(VoteRow.task_id))
    new = set(await session.scalars(added, rows))
    if new:
        await session.execute(insert(TallyRow), [{"task_id": task_id, "yes": 0, "no": 0} for task_id in new])
    return new


async def lock_to_open(session: AsyncSession) -> Sequence[Vote]:
    """Lock and return scheduled votes whose opening time has passed, without those another process has locked."""
    due = select(VoteRow).where(col(VoteRow.state) == State.SCHEDULED, col(VoteRow.opens_at) <= func.now())
    rows = await session.scalars(due.order_by(col(VoteRow.task_id)).limit(MAX_DUE).with_for_update(skip_locked=True))
    return [_vote(row) for row in rows]


async def lock_to_close(session: AsyncSession) -> Sequence[VoteDetails]:
    """Lock and return open votes whose closing time has passed, with their final totals.

    Counting locks the same rows. A vote whose ballots are being counted is skipped until the next run; counting doesn't
    lock it again, since its time is over. The totals are read by a second statement, which sees all that was committed
    before the locks were granted.
    """
    due = select(VoteRow).where(col(VoteRow.state) == State.OPEN, col(VoteRow.closes_at) <= func.now())
    rows = await session.scalars(due.order_by(col(VoteRow.task_id)).limit(MAX_DUE).with_for_update(skip_locked=True))
    votes = [_vote(row) for row in rows]
    if not votes:
        return []
    found = await session.scalars(select(TallyRow).where(col(TallyRow.task_id).in_([vote.task_id for vote in votes])))
    tallies = {row.task_id: row for row in found}
    return [_details(vote, tallies[vote.task_id]) for vote in votes]


async def save(session: AsyncSession, *votes: Vote) -> None:
    """Store the state of votes, and the terms they were opened under. Lock their rows before."""
    if votes:
        await session.execute(update(VoteRow), [{"task_id": vote.task_id} | _changeable(vote) for vote in votes])


async def get(session: AsyncSession, task_id: TaskId) -> VoteDetails | None:
    """Return the vote on a task with its totals; None if there is no vote."""
    found = (await session.execute(_WITH_TALLY.where(col(VoteRow.task_id) == task_id))).one_or_none()
    return None if found is None else _details(_vote(found[0]), found[1])


async def page(session: AsyncSession, state: State | None, after: Cursor | None, limit: int) -> Sequence[VoteDetails]:
    """Return up to `limit + 1` votes, the one that opens last first, starting after the cursor."""
    time, key = col(VoteRow.opens_at), col(VoteRow.task_id)
    query = _WITH_TALLY.order_by(time.desc(), key.desc()).limit(limit + 1)
    if state is not None:
        query = query.where(col(VoteRow.state) == state)
    if after is not None:
        query = query.where(tuple_(time, key) < tuple_(literal(after.at), literal(after.id)))
    return [_details(_vote(vote), tally) for vote, tally in await session.execute(query)]


def _details(vote: Vote, row: TallyRow) -> VoteDetails:
    return VoteDetails(vote, Tally(row.yes, row.no), row.reached_at)


def _row(vote: Vote, key: SealedKey) -> VoteRow:
    return VoteRow(
        task_id=vote.task_id,
        title=vote.title,
        opens_at=vote.opens_at,
        closes_at=vote.closes_at,
        scheduled_at=vote.scheduled_at,
        wrapped_key=key.wrapped,
        key_version=key.version,
        **_changeable(vote),
    )


def _changeable(vote: Vote) -> dict[str, Any]:
    """Return the columns that change when a vote opens or closes."""
    terms = vote.terms
    return {
        "state": vote.state,
        "rule_version": terms and terms.version,
        "rule_article": terms and terms.article,
        "more_than": terms and terms.more_than,
        "ballots_changeable": terms and terms.ballots_changeable,
    }


def _vote(row: VoteRow) -> Vote:
    terms = None
    if row.rule_version is not None and row.rule_article is not None and row.more_than is not None:
        terms = Terms(row.rule_version, row.rule_article, row.more_than, bool(row.ballots_changeable))
    return Vote(TaskId(row.task_id), row.title, State(row.state), row.opens_at, row.closes_at, row.scheduled_at, terms)
