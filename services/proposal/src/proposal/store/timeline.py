"""The timelines of tasks: projections of the events about them. The order of delivery doesn't change the result."""

from collections.abc import Mapping, Sequence

from pydantic_core import to_json
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from proposal.domain.timeline import Fact, TaskState
from proposal.store.tables import FactRow
from townhall.contracts.values import TaskId

# Raw SQL, because one statement for any number of facts needs unnest. A known fact changes nothing (P14: the constraint
# decides), and a task's state only moves forward (P15). Every transaction locks the states in the order of their ids,
# so that two of them can't deadlock.
_ADD = text("""
    INSERT INTO fact (event_id, task_id, source, version, at, type, facts)
    SELECT event_id, task_id, source, version, at, type, CAST(facts AS jsonb)
    FROM unnest(
        CAST(:event_id AS uuid[]), CAST(:task_id AS uuid[]), CAST(:source AS text[]), CAST(:version AS bigint[]),
        CAST(:at AS timestamptz[]), CAST(:type AS text[]), CAST(:facts AS text[])
    ) AS received (event_id, task_id, source, version, at, type, facts)
    ON CONFLICT ON CONSTRAINT p14_each_fact_once DO NOTHING
""")
_ADVANCE = text("""
    INSERT INTO task_state (task_id, state, rank)
    SELECT task_id, state, rank
    FROM unnest(CAST(:task_id AS uuid[]), CAST(:state AS text[]), CAST(:rank AS int[])) AS new (task_id, state, rank)
    ORDER BY task_id
    ON CONFLICT (task_id) DO UPDATE SET state = EXCLUDED.state, rank = EXCLUDED.rank
    WHERE task_state.rank < EXCLUDED.rank
""")


async def add(session: AsyncSession, facts: Sequence[Fact]) -> None:
    """Store events of a timeline as facts. One whose event id is stored already is skipped (P14)."""
    rows = [_row(fact) for fact in facts]
    columns = {
        "event_id": [row.event_id for row in rows],
        "task_id": [row.task_id for row in rows],
        "source": [row.source for row in rows],
        "version": [row.version for row in rows],
        "at": [row.at for row in rows],
        "type": [row.type for row in rows],
        "facts": [to_json(row.facts).decode() for row in rows],
    }
    await session.execute(_ADD, columns)


async def advance_states(session: AsyncSession, states: Mapping[TaskId, TaskState]) -> None:
    """Set each task's state, unless the stored one is of higher rank (P15)."""
    columns = {
        "task_id": list(states),
        "state": list(states.values()),
        "rank": [state.rank for state in states.values()],
    }
    await session.execute(_ADVANCE, columns)


async def facts_of(session: AsyncSession, task_id: TaskId) -> Sequence[Fact]:
    """Return all facts about a task, in no particular order; none for an unknown task."""
    rows = await session.scalars(select(FactRow).where(col(FactRow.task_id) == task_id))
    return [_value(row) for row in rows]


async def has_fact(session: AsyncSession, task_id: TaskId, event_type: str) -> bool:
    """Return whether an event of this type about the task was received."""
    query = select(col(FactRow.event_id)).where(col(FactRow.task_id) == task_id, col(FactRow.type) == event_type)
    return (await session.scalars(query.limit(1))).first() is not None


def _row(fact: Fact) -> FactRow:
    return FactRow(
        event_id=fact.id,
        task_id=fact.task_id,
        source=fact.source,
        version=fact.version,
        at=fact.at,
        type=fact.type,
        facts=dict(fact.facts),
    )


def _value(row: FactRow) -> Fact:
    return Fact(row.event_id, TaskId(row.task_id), row.source, row.version, row.at, row.type, row.facts)
