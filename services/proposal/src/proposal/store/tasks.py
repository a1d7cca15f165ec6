"""Tasks, the proposals they come from, and their referrals."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from proposal.domain.selection import Draft, Origin, Referral, Task
from proposal.domain.timeline import TaskState
from proposal.store.tables import LineageRow, ReferralRow, TaskRow, TaskStateRow
from townhall.chassis.http import Cursor
from townhall.contracts.values import ActedBy, ProposalId, RuleUsed, TaskId


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """A task and the furthest state shown by the events about it (P15)."""

    task: Task
    state: TaskState


async def add(session: AsyncSession, task: Task) -> None:
    """Store a new task with its proposals."""
    session.add(_row(task))
    await session.flush()
    lineage = enumerate(task.draft.proposal_ids)
    session.add_all(LineageRow(task_id=task.id, proposal_id=each, position=position) for position, each in lineage)
    await session.flush()


async def add_referral(session: AsyncSession, task_id: TaskId, referral: Referral) -> None:
    """Store the one referral of a task (P13)."""
    session.add(_referral_row(task_id, referral))
    await session.flush()


async def get_for_update(session: AsyncSession, task_id: TaskId) -> Task | None:
    """Lock and return one task, or None."""
    mine = select(col(TaskRow.id)).where(col(TaskRow.id) == task_id)
    if (await session.scalars(mine.with_for_update(key_share=True))).first() is None:
        return None
    record = await get(session, task_id)
    return record.task if record else None


async def get(session: AsyncSession, task_id: TaskId) -> TaskRecord | None:
    """Return one task, or None."""
    rows = await session.execute(_TASKS.where(col(TaskRow.id) == task_id))
    return next(iter(await _records(session, rows.all())), None)


async def page(
    session: AsyncSession, state: TaskState | None, after: Cursor | None, limit: int
) -> Sequence[TaskRecord]:
    """Return up to `limit + 1` tasks after the cursor, newest first, in this state if one is given."""
    time, key = col(TaskRow.selected_at), col(TaskRow.id)
    query = _TASKS.order_by(time.desc(), key.desc()).limit(limit + 1)
    if state is not None:
        query = query.where(_STATE == state)
    if after is not None:
        query = query.where(tuple_(time, key) < tuple_(literal(after.at), literal(after.id)))
    return await _records(session, (await session.execute(query)).all())


_STATE: ColumnElement[str] = func.coalesce(col(TaskStateRow.state), literal(TaskState.SELECTED.value))
COUNTS = (
    select(_STATE, func.count())
    .select_from(TaskRow)
    .outerjoin(TaskStateRow, col(TaskStateRow.task_id) == col(TaskRow.id))
    .group_by(_STATE)
)
"""The number of tasks in each state that has any."""
_TASKS = (
    select(TaskRow, ReferralRow, _STATE)
    .outerjoin(ReferralRow, col(ReferralRow.task_id) == col(TaskRow.id))
    .outerjoin(TaskStateRow, col(TaskStateRow.task_id) == col(TaskRow.id))
)


async def _records(session: AsyncSession, rows: Sequence[Row[TaskRow, ReferralRow | None, str]]) -> list[TaskRecord]:
    lineage = await _lineage(session, [task.id for task, _, _ in rows])
    return [
        TaskRecord(_value(task, lineage.get(task.id, ()), referral), TaskState(state)) for task, referral, state in rows
    ]


async def _lineage(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, tuple[ProposalId, ...]]:
    query = select(LineageRow).where(col(LineageRow.task_id).in_(ids)).order_by(col(LineageRow.position))
    lineage: dict[UUID, tuple[ProposalId, ...]] = {}
    for row in await session.scalars(query):
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


def _value(row: TaskRow, lineage: tuple[ProposalId, ...], referral: ReferralRow | None) -> Task:
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
        referral=_referral_value(referral) if referral else None,
    )


def _referral_row(task_id: TaskId, referral: Referral) -> ReferralRow:
    return ReferralRow(
        task_id=task_id, reason=referral.reason, note=referral.note, acted_by=referral.acted_by, at=referral.at
    )


def _referral_value(row: ReferralRow) -> Referral:
    return Referral(row.reason, row.note, ActedBy(row.acted_by), row.at)
