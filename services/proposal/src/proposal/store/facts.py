"""The timeline: a projection of what all four services announced about tasks. Any order of hearing gives the same."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from proposal.domain.timeline import Fact, TaskState
from proposal.store.tables import FactRow, StandingRow
from townhall.contracts.values import TaskId


async def add(session: AsyncSession, fact: Fact) -> None:
    """Keep a fact; one that is known already changes nothing (P14: the constraint is the judge)."""
    row = {
        "event_id": fact.id,
        "task_id": fact.task_id,
        "source": fact.source,
        "version": fact.version,
        "at": fact.at,
        "type": fact.type,
        "facts": dict(fact.facts),
    }
    await session.execute(insert(FactRow).values(row).on_conflict_do_nothing(constraint="p14_each_fact_once"))


async def advance(session: AsyncSession, task_id: TaskId, state: TaskState) -> None:
    """Move a task to a step, unless it has come further already (P15)."""
    reached = insert(StandingRow).values(task_id=task_id, state=state, rank=state.rank)
    further = reached.on_conflict_do_update(
        index_elements=[col(StandingRow.task_id)],
        set_={"state": reached.excluded.state, "rank": reached.excluded.rank},
        where=col(StandingRow.rank) < reached.excluded.rank,
    )
    await session.execute(further)


async def of_task(session: AsyncSession, task_id: TaskId) -> Sequence[Fact]:
    """Read all facts about a task, in no particular order."""
    rows = await session.scalars(select(FactRow).where(col(FactRow.task_id) == task_id))
    return [_fact(row) for row in rows]


async def heard(session: AsyncSession, task_id: TaskId, kind: str) -> bool:
    """Tell whether a fact of this type has been heard about a task."""
    asked = select(col(FactRow.event_id)).where(col(FactRow.task_id) == task_id, col(FactRow.type) == kind)
    return (await session.scalars(asked.limit(1))).first() is not None


def _fact(row: FactRow) -> Fact:
    return Fact(row.event_id, TaskId(row.task_id), row.source, row.version, row.at, row.type, row.facts)
