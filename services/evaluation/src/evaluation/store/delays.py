"""Delays of initiatives: every change of a due date."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from evaluation.domain.initiative import Delay
from evaluation.store.tables import DelayRow
from townhall.contracts.values import ActedBy, InitiativeId


async def add(session: AsyncSession, initiative_id: InitiativeId, delay: Delay) -> None:
    """Store a delay; earlier ones stay."""
    session.add(_row(initiative_id, delay))
    await session.flush()


async def by_initiative(session: AsyncSession, ids: Sequence[InitiativeId]) -> Mapping[InitiativeId, Sequence[Delay]]:
    """Return the delays of each initiative, in order; an initiative without any is left out."""
    query = select(DelayRow).where(col(DelayRow.initiative_id).in_(ids)).order_by(col(DelayRow.was_due_on))
    found: dict[InitiativeId, list[Delay]] = {}
    for row in await session.scalars(query):
        found.setdefault(InitiativeId(row.initiative_id), []).append(_delay(row))
    return found


def _row(initiative_id: InitiativeId, delay: Delay) -> DelayRow:
    return DelayRow(
        initiative_id=initiative_id,
        was_due_on=delay.was_due_on,
        due_on=delay.due_on,
        reason=delay.reason,
        note=delay.note,
        acted_by=delay.acted_by,
        at=delay.at,
    )


def _delay(row: DelayRow) -> Delay:
    return Delay(row.reason, row.note, row.was_due_on, row.due_on, ActedBy(row.acted_by), row.at)
