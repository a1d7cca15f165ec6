"""How many votes there are, and recounts of their ballots, for the gauges."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from townhall.contracts.values import TaskId
from voting.domain.tally import Tally
from voting.domain.vote import State
from voting.store.tables import CurrentBallotRow, TallyRow, VoteRow

LATE: Final = timedelta(seconds=10)
"""How late a vote may open or close: its timer runs twice a second."""
LARGEST: Final = 1_000_000
"""Ballots of a vote that one statement recounts."""


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
    """Recount the closed vote whose task id follows `after`, or the first; None if there is no further one.

    Votes with more than `LARGEST` ballots are left out: `townhall recount` counts those in batches.
    """
    yes, no = col(TallyRow.yes), col(TallyRow.no)
    closed = (
        select(col(VoteRow.task_id), col(VoteRow.id), yes, no)
        .join(TallyRow, col(TallyRow.task_id) == col(VoteRow.task_id))
        .where(col(VoteRow.state) == State.CLOSED, yes + no <= LARGEST)
        .order_by(col(VoteRow.task_id))
    )
    if after is not None:
        closed = closed.where(col(VoteRow.task_id) > after)
    found = (await session.execute(closed.limit(1))).one_or_none()
    if found is None:
        return None
    task_id, vote_id, yes_published, no_published = found
    return Recount(TaskId(task_id), Tally(yes_published, no_published), await _counted(session, vote_id))


async def _counted(session: AsyncSession, vote_id: int) -> Tally:
    yes = col(CurrentBallotRow.choice)
    ballots = select(func.count().filter(yes), func.count().filter(~yes)).where(
        col(CurrentBallotRow.vote_id) == vote_id
    )
    in_favour, against = (await session.execute(ballots)).one()
    return Tally(in_favour, against)
