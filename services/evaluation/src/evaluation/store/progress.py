"""What the responsible body and the Support Unit said of an initiative: each word in a row of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from evaluation.domain.initiative import UNDER_WAY, Delay, Milestone, Missed, Report, State, Verification
from evaluation.store.tables import DelayRow, InitiativeRow, MilestoneRow, ReportRow, VerificationRow
from townhall.contracts.values import ActedBy, InitiativeId, MilestoneId, TaskId

FRESH: Final = {"populate_existing": True}
"""What is read under a lock is what counts, even when the session has read the row before."""


@dataclass(frozen=True, slots=True)
class Progress:
    """All that was said of one initiative, in order."""

    milestones: tuple[Milestone, ...] = ()
    delays: tuple[Delay, ...] = ()
    report: Report | None = None
    verification: Verification | None = None


async def of_initiatives(session: AsyncSession, ids: Sequence[InitiativeId]) -> dict[InitiativeId, Progress]:
    """Read what was said of each of these."""
    milestones, delays = await _milestones(session, ids), await _delays(session, ids)
    reports, verifications = await _reports(session, ids), await _verifications(session, ids)
    return {
        each: Progress(
            tuple(milestones.get(each, ())), tuple(delays.get(each, ())), reports.get(each), verifications.get(each)
        )
        for each in ids
    }


async def add_milestone(session: AsyncSession, initiative_id: InitiativeId, milestone: Milestone) -> None:
    """Store a planned step."""
    row = MilestoneRow(
        id=milestone.id,
        initiative_id=initiative_id,
        title=milestone.title,
        due_on=milestone.due_on,
        planned_at=milestone.planned_at,
        note=milestone.note,
    )
    session.add(row)
    await session.flush()


async def save_milestone(session: AsyncSession, milestone: Milestone) -> None:
    """Store what became of a step. The row of its initiative is locked."""
    now = {"reached_at": milestone.reached_at, "note": milestone.note, "overdue": milestone.overdue}
    await session.execute(update(MilestoneRow).where(col(MilestoneRow.id) == milestone.id).values(now))


async def missed(session: AsyncSession, today: date, most: int) -> Sequence[Missed]:
    """Lock and read milestones whose day passed untold, leaving those another process works on (E5).

    Both rows are locked: whoever told of it meanwhile changed the milestone, and whoever gave the last word changed
    the initiative.
    """
    asked = (
        select(MilestoneRow, InitiativeRow)
        .join(InitiativeRow, col(InitiativeRow.id) == col(MilestoneRow.initiative_id))
        .where(col(InitiativeRow.state).in_(UNDER_WAY), col(MilestoneRow.due_on) < today)
        .where(col(MilestoneRow.reached_at).is_(None), col(MilestoneRow.overdue).is_(False))
        .order_by(col(MilestoneRow.due_on), col(MilestoneRow.id))
        .limit(most)
    )
    rows = await session.execute(asked.with_for_update(skip_locked=True), execution_options=FRESH)
    return [Missed(TaskId(whose.task_id), InitiativeId(whose.id), _milestone(row)) for row, whose in rows]


async def add_delay(session: AsyncSession, initiative_id: InitiativeId, delay: Delay) -> None:
    """Keep a delay beside the earlier ones."""
    row = DelayRow(
        initiative_id=initiative_id,
        was_due_on=delay.was_due_on,
        due_on=delay.due_on,
        reason=delay.reason,
        note=delay.note,
        acted_by=delay.acted_by,
        at=delay.at,
    )
    session.add(row)
    await session.flush()


async def add_report(session: AsyncSession, initiative_id: InitiativeId, said: Report) -> None:
    """Store the responsible body's last word."""
    row = ReportRow(
        initiative_id=initiative_id,
        outcome=said.outcome,
        reason=said.reason,
        note=said.note,
        acted_by=said.acted_by,
        at=said.at,
    )
    session.add(row)
    await session.flush()


async def add_verification(session: AsyncSession, initiative_id: InitiativeId, said: Verification) -> None:
    """Store the Support Unit's word."""
    row = VerificationRow(initiative_id=initiative_id, note=said.note, acted_by=said.acted_by, at=said.at)
    session.add(row)
    await session.flush()


async def _milestones(session: AsyncSession, ids: Sequence[InitiativeId]) -> dict[InitiativeId, list[Milestone]]:
    by_date = (col(MilestoneRow.due_on), col(MilestoneRow.planned_at), col(MilestoneRow.id))
    mine = select(MilestoneRow).where(col(MilestoneRow.initiative_id).in_(ids)).order_by(*by_date)
    found: dict[InitiativeId, list[Milestone]] = {}
    for row in await session.scalars(mine, execution_options=FRESH):
        found.setdefault(InitiativeId(row.initiative_id), []).append(_milestone(row))
    return found


def _milestone(row: MilestoneRow) -> Milestone:
    return Milestone(
        MilestoneId(row.id), row.title, row.due_on, row.planned_at, row.reached_at, row.note, overdue=row.overdue
    )


async def _delays(session: AsyncSession, ids: Sequence[InitiativeId]) -> dict[InitiativeId, list[Delay]]:
    mine = select(DelayRow).where(col(DelayRow.initiative_id).in_(ids)).order_by(col(DelayRow.was_due_on))
    found: dict[InitiativeId, list[Delay]] = {}
    for row in await session.scalars(mine):
        kept = Delay(row.reason, row.note, row.was_due_on, row.due_on, ActedBy(row.acted_by), row.at)
        found.setdefault(InitiativeId(row.initiative_id), []).append(kept)
    return found


async def _reports(session: AsyncSession, ids: Sequence[InitiativeId]) -> dict[InitiativeId, Report]:
    rows = await session.scalars(select(ReportRow).where(col(ReportRow.initiative_id).in_(ids)))
    return {
        InitiativeId(row.initiative_id): Report(State(row.outcome), row.reason, row.note, ActedBy(row.acted_by), row.at)
        for row in rows
    }


async def _verifications(session: AsyncSession, ids: Sequence[InitiativeId]) -> dict[InitiativeId, Verification]:
    rows = await session.scalars(select(VerificationRow).where(col(VerificationRow.initiative_id).in_(ids)))
    return {InitiativeId(row.initiative_id): Verification(row.note, ActedBy(row.acted_by), row.at) for row in rows}
