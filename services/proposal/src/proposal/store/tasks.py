"""Tasks, the proposals they rest on, and their referrals."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from proposal.domain.selection import Draft, Origin, Referral, Task
from proposal.domain.timeline import TaskState
from proposal.store.proposals import Cursor
from proposal.store.tables import LineageRow, ReferralRow, TaskRow, TaskStateRow
from townhall.contracts.values import ActedBy, ProposalId, RuleUsed, TaskId


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """A task and the furthest step heard of it."""

    task: Task
    received: TaskState


async def add(session: AsyncSession, task: Task) -> None:
    """Store a selected task with its lineage."""
    session.add(_row(task))
    await session.flush()
    lineage = enumerate(task.draft.proposal_ids)
    session.add_all(LineageRow(task_id=task.id, proposal_id=each, place=place) for place, each in lineage)
    await session.flush()


async def add_referral(session: AsyncSession, task_id: TaskId, referral: Referral) -> None:
    """Store the one referral of a task."""
    row = ReferralRow(
        task_id=task_id, reason=referral.reason, note=referral.note, acted_by=referral.acted_by, at=referral.at
    )
    session.add(row)
    await session.flush()


async def locked(session: AsyncSession, task_id: TaskId) -> Task | None:
    """Lock and read one task."""
    mine = select(col(TaskRow.id)).where(col(TaskRow.id) == task_id)
    if (await session.scalars(mine.with_for_update(key_share=True))).first() is None:
        return None
    task_record = await found(session, task_id)
    return task_record.task if task_record else None


async def found(session: AsyncSession, task_id: TaskId) -> TaskRecord | None:
    """Read one task."""
    rows = await session.execute(_standings.where(col(TaskRow.id) == task_id))
    return next(iter(await _whole(session, rows.all())), None)


async def page(
    session: AsyncSession, state: TaskState | None, after: Cursor | None, limit: int
) -> Sequence[TaskRecord]:
    """Read tasks, newest first, from the place where the last page ended."""
    time, key = col(TaskRow.selected_at), col(TaskRow.id)
    asked = _standings.order_by(time.desc(), key.desc()).limit(limit)
    if state is not None:
        asked = asked.where(_heard == state)
    if after is not None:
        asked = asked.where(tuple_(time, key) < tuple_(literal(after[0]), literal(after[1])))
    return await _whole(session, (await session.execute(asked)).all())


_heard: ColumnElement[str] = func.coalesce(col(TaskStateRow.state), literal(TaskState.SELECTED.value))
_standings = (
    select(TaskRow, ReferralRow, _heard)
    .outerjoin(ReferralRow, col(ReferralRow.task_id) == col(TaskRow.id))
    .outerjoin(TaskStateRow, col(TaskStateRow.task_id) == col(TaskRow.id))
)


async def _whole(session: AsyncSession, rows: Sequence[Row[TaskRow, ReferralRow | None, str]]) -> list[TaskRecord]:
    lineage = await _lineage(session, [task.id for task, _, _ in rows])
    return [
        TaskRecord(_task(task, lineage.get(task.id, ()), referral), TaskState(received))
        for task, referral, received in rows
    ]


async def _lineage(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, tuple[ProposalId, ...]]:
    asked = select(LineageRow).where(col(LineageRow.task_id).in_(ids)).order_by(col(LineageRow.place))
    lineage: dict[UUID, tuple[ProposalId, ...]] = {}
    for row in await session.scalars(asked):
        lineage[row.task_id] = (*lineage.get(row.task_id, ()), ProposalId(row.proposal_id))
    return lineage


def _row(task: Task) -> TaskRow:
    return TaskRow(
        id=task.id,
        title=task.draft.title,
        summary=task.draft.summary,
        origin=task.draft.origin,
        reason=task.draft.reason,
        note=task.draft.note,
        opens_at=task.opens_at,
        closes_at=task.closes_at,
        selected_at=task.selected_at,
        rule_version=task.rule.version,
        rule_article=task.rule.article,
    )


def _task(row: TaskRow, lineage: tuple[ProposalId, ...], referral: ReferralRow | None) -> Task:
    draft = Draft(
        row.title, row.summary, Origin(row.origin), lineage, row.reason, row.note, row.opens_at, row.closes_at
    )
    return Task(
        id=TaskId(row.id),
        draft=draft,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        selected_at=row.selected_at,
        rule=RuleUsed(version=row.rule_version, article=row.rule_article),
        referral=_referral(referral) if referral else None,
    )


def _referral(row: ReferralRow) -> Referral:
    return Referral(row.reason, row.note, ActedBy(row.acted_by), row.at)
