"""The timeline: a projection of what all four services announced about tasks. Any order of hearing gives the same."""

from collections.abc import Mapping, Sequence

from pydantic_core import to_json
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from proposal.domain.timeline import Fact, TaskState
from proposal.store.tables import FactRow
from townhall.contracts.values import TaskId

# Both are one statement however many facts there are. A fact that is known already changes nothing (P14: the constraint
# is the judge), and a task never goes back (P15). Standings are locked in one order by all, until the commit.
_ADD = text("""
    INSERT INTO fact (event_id, task_id, source, version, at, type, facts)
    SELECT event_id, task_id, source, version, at, type, CAST(facts AS jsonb)
    FROM unnest(
        CAST(:event_id AS uuid[]), CAST(:task_id AS uuid[]), CAST(:source AS text[]), CAST(:version AS bigint[]),
        CAST(:at AS timestamptz[]), CAST(:type AS text[]), CAST(:facts AS text[])
    ) AS heard (event_id, task_id, source, version, at, type, facts)
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
    """Keep facts; those known already change nothing."""
    columns = {
        "event_id": [fact.id for fact in facts],
        "task_id": [fact.task_id for fact in facts],
        "source": [fact.source for fact in facts],
        "version": [fact.version for fact in facts],
        "at": [fact.at for fact in facts],
        "type": [fact.type for fact in facts],
        "facts": [to_json(fact.facts).decode() for fact in facts],
    }
    await session.execute(_ADD, columns)


async def advance(session: AsyncSession, states: Mapping[TaskId, TaskState]) -> None:
    """Move each task to a step, unless it has come further already."""
    columns = {
        "task_id": list(states),
        "state": list(states.values()),
        "rank": [state.rank for state in states.values()],
    }
    await session.execute(_ADVANCE, columns)


async def of_task(session: AsyncSession, task_id: TaskId) -> Sequence[Fact]:
    """Read all facts about a task, in no particular order."""
    rows = await session.scalars(select(FactRow).where(col(FactRow.task_id) == task_id))
    return [_fact(row) for row in rows]


async def has(session: AsyncSession, task_id: TaskId, kind: str) -> bool:
    """Tell whether a fact of this type has been heard about a task."""
    asked = select(col(FactRow.event_id)).where(col(FactRow.task_id) == task_id, col(FactRow.type) == kind)
    return (await session.scalars(asked.limit(1))).first() is not None


def _fact(row: FactRow) -> Fact:
    return Fact(row.event_id, TaskId(row.task_id), row.source, row.version, row.at, row.type, row.facts)
