"""How many votes there are, and recounts of their ballots, for the gauges."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from townhall.contracts.values import TaskId
from voting.domain.ballot import Choice
from voting.domain.tally import Tally
from voting.domain.vote import State
from voting.store.tables import CurrentBallotRow, TallyRow, VoteRow

LATE: Final = timedelta(seconds=10)
"""How late a vote may open or close: its timer runs twice a second."""


@dataclass(frozen=True, slots=True)
class Recount:
    """The published totals of a vote beside those of its current ballots."""

    task_id: TaskId
    published: Tally
    counted: Tally


async def votes(session: AsyncSession) -> Mapping[State, int]:
    """Return the number of votes in each state; states without any are left out."""
    state = col(VoteRow.state)
    found = await session.execute(select(state, func.count()).group_by(state))
    return {State(name): number for name, number in found}


async def votes_overdue(session: AsyncSession, at: datetime) -> int:
    """Return how many votes should have opened or closed more than `LATE` before this time."""
    to_open = (col(VoteRow.state) == State.SCHEDULED) & (col(VoteRow.opens_at) < at - LATE)
    to_close = (col(VoteRow.state) == State.OPEN) & (col(VoteRow.closes_at) < at - LATE)
    return (await session.execute(select(func.count()).where(to_open | to_close))).scalar_one()


async def votes_past_threshold(session: AsyncSession) -> int:
    """Return how many votes have reached their threshold."""
    reached = col(TallyRow.reached_at).is_not(None)
    return (await session.execute(select(func.count()).where(reached))).scalar_one()


async def recount_next(session: AsyncSession, after: TaskId | None) -> Recount | None:
    """Recount the closed vote whose id follows `after`, or the first; None if there is no further one."""
    closed = select(col(VoteRow.task_id)).where(col(VoteRow.state) == State.CLOSED).order_by(col(VoteRow.task_id))
    if after is not None:
        closed = closed.where(col(VoteRow.task_id) > after)
    task_id = (await session.scalars(closed.limit(1))).one_or_none()
    if task_id is None:
        return None
    published = select(col(TallyRow.yes), col(TallyRow.no)).where(col(TallyRow.task_id) == task_id)
    yes, no = (await session.execute(published)).one()
    return Recount(TaskId(task_id), Tally(yes, no), await _counted(session, TaskId(task_id)))


async def _counted(session: AsyncSession, task_id: TaskId) -> Tally:
    choice = col(CurrentBallotRow.choice)
    ballots = select(choice, func.count()).where(col(CurrentBallotRow.task_id) == task_id).group_by(choice)
    counts = {Choice(name): number for name, number in await session.execute(ballots)}
    return Tally(counts.get(Choice.YES, 0), counts.get(Choice.NO, 0))
