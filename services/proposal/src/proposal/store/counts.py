"""How many proposals and tasks there are, for the gauges."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from proposal.domain.lifecycle import State
from proposal.domain.timeline import TaskState
from proposal.store import tasks
from proposal.store.tables import ProposalRow


async def proposals(session: AsyncSession) -> Mapping[State, int]:
    """Return the number of proposals in each state; states without any are left out."""
    state = col(ProposalRow.state)
    found = await session.execute(select(state, func.count()).group_by(state))
    return {State(name): number for name, number in found}


async def tasks_by_state(session: AsyncSession) -> Mapping[TaskState, int]:
    """Return the number of tasks in each state; states without any are left out."""
    found = await session.execute(tasks.COUNTS)
    return {TaskState(name): number for name, number in found}


async def screenings_overdue(session: AsyncSession, at: datetime) -> int:
    """Return how many proposals are in screening although the due date has passed."""
    overdue = (col(ProposalRow.state) == State.SCREENING) & (col(ProposalRow.screening_due_at) <= at)
    return (await session.execute(select(func.count()).where(overdue))).scalar_one()
