"""How many initiatives and rounds there are, and what is overdue, for the gauges."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from evaluation.domain.initiative import UNDER_WAY, State
from evaluation.domain.round import RoundState
from evaluation.store.tables import InitiativeRow, MilestoneRow, RoundRow


async def initiatives(session: AsyncSession) -> Mapping[State, int]:
    """Return the number of initiatives in each state; states without any are left out."""
    state = col(InitiativeRow.state)
    found = await session.execute(select(state, func.count()).group_by(state))
    return {State(name): number for name, number in found}


async def rounds(session: AsyncSession) -> Mapping[RoundState, int]:
    """Return the number of rounds in each state; states without any are left out."""
    state = col(RoundRow.state)
    found = await session.execute(select(state, func.count()).group_by(state))
    return {RoundState(name): number for name, number in found}


async def overdue(session: AsyncSession, at: datetime) -> Mapping[str, int]:
    """Return how many initiatives, milestones and rounds are past their due date, by kind."""
    under_way = col(InitiativeRow.state).in_(UNDER_WAY)
    planned = col(MilestoneRow.reached_at).is_(None) & (col(MilestoneRow.due_on) < at.date())
    of_initiative = (col(InitiativeRow.id) == col(MilestoneRow.initiative_id)) & under_way
    return {
        "initiative": await _count(session, under_way & (col(InitiativeRow.due_on) < at.date())),
        "milestone": await _count(session, planned & of_initiative),
        "round": await _count(session, col(RoundRow.due_at) < at),
    }


async def _count(session: AsyncSession, condition: ColumnElement[bool]) -> int:
    return (await session.execute(select(func.count()).where(condition))).scalar_one()
