"""Milestones of initiatives."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from evaluation.domain.initiative import UNDER_WAY, Milestone
from evaluation.domain.milestone import OverdueMilestone
from evaluation.store.tables import LOCKED_READ, InitiativeRow, MilestoneRow
from townhall.contracts.values import InitiativeId, MilestoneId, TaskId

_CHANGEABLE: Final = {"reached_at", "note", "overdue"}


async def add(session: AsyncSession, initiative_id: InitiativeId, milestone: Milestone) -> None:
    """Store a new milestone."""
    session.add(_row(initiative_id, milestone))
    await session.flush()


async def save(session: AsyncSession, initiative_id: InitiativeId, milestone: Milestone) -> None:
    """Store that a milestone was reached, or announced as overdue. Lock its initiative before."""
    changed = _row(initiative_id, milestone).model_dump(include=_CHANGEABLE)
    await session.execute(update(MilestoneRow).where(col(MilestoneRow.id) == milestone.id).values(changed))


async def by_initiative(
    session: AsyncSession, ids: Sequence[InitiativeId]
) -> Mapping[InitiativeId, Sequence[Milestone]]:
    """Return the milestones of each initiative by due date; an initiative without any is left out."""
    by_date = (col(MilestoneRow.due_on), col(MilestoneRow.planned_at), col(MilestoneRow.id))
    query = select(MilestoneRow).where(col(MilestoneRow.initiative_id).in_(ids)).order_by(*by_date)
    found: dict[InitiativeId, list[Milestone]] = {}
    for row in await session.scalars(query, execution_options=LOCKED_READ):
        found.setdefault(InitiativeId(row.initiative_id), []).append(_milestone(row))
    return found


async def lock_overdue(session: AsyncSession, today: date, limit: int) -> Sequence[OverdueMilestone]:
    """Lock and return milestones with a passed due date that was not announced (E5); skip those locked by others.

    Their initiatives are locked too, so that none is reported as done or dropped meanwhile.
    """
    query = (
        select(MilestoneRow, InitiativeRow)
        .join(InitiativeRow, col(InitiativeRow.id) == col(MilestoneRow.initiative_id))
        .where(col(InitiativeRow.state).in_(UNDER_WAY), col(MilestoneRow.due_on) < today)
        .where(col(MilestoneRow.reached_at).is_(None), col(MilestoneRow.overdue).is_(False))
        .order_by(col(MilestoneRow.due_on), col(MilestoneRow.id))
        .limit(limit)
    )
    rows = await session.execute(query.with_for_update(skip_locked=True), execution_options=LOCKED_READ)
    return [
        OverdueMilestone(TaskId(initiative.task_id), InitiativeId(initiative.id), _milestone(row))
        for row, initiative in rows
    ]


def _row(initiative_id: InitiativeId, milestone: Milestone) -> MilestoneRow:
    return MilestoneRow(
        id=milestone.id,
        initiative_id=initiative_id,
        title=milestone.title,
        due_on=milestone.due_on,
        planned_at=milestone.planned_at,
        reached_at=milestone.reached_at,
        note=milestone.note,
        overdue=milestone.overdue,
    )


def _milestone(row: MilestoneRow) -> Milestone:
    return Milestone(
        MilestoneId(row.id), row.title, row.due_on, row.planned_at, row.reached_at, row.note, overdue=row.overdue
    )
