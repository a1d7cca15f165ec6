"""Opinions of citizens on results. The author's pseudonym is stored, and never returned."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from evaluation.domain.opinion import Opinion, Person, Stance
from evaluation.store.tables import OpinionRow
from townhall.chassis.http import Cursor
from townhall.contracts.values import InitiativeId

_CHANGEABLE: Final = {"stance", "text", "given_at"}


async def upsert(session: AsyncSession, initiative_id: InitiativeId, citizen: Person, opinion: Opinion) -> Opinion:
    """Store an opinion, and return it as stored. It replaces the citizen's earlier one and gets its id (E6)."""
    row = _row(initiative_id, citizen, opinion)
    statement = insert(OpinionRow).values(row.model_dump())
    stored = statement.on_conflict_do_update(
        constraint="e6_one_opinion_per_citizen", set_=row.model_dump(include=_CHANGEABLE)
    )
    row.id = (await session.scalars(stored.returning(col(OpinionRow.id)))).one()
    return _opinion(row)


async def page(
    session: AsyncSession, initiative_id: InitiativeId, after: Cursor | None, limit: int
) -> Sequence[Opinion]:
    """Return up to `limit + 1` opinions on an initiative, newest first, starting after the cursor."""
    time, key = col(OpinionRow.given_at), col(OpinionRow.id)
    query = select(OpinionRow).where(col(OpinionRow.initiative_id) == initiative_id)
    if after is not None:
        query = query.where(tuple_(time, key) < tuple_(literal(after.at), literal(after.id)))
    rows = await session.scalars(query.order_by(time.desc(), key.desc()).limit(limit + 1))
    return [_opinion(row) for row in rows]


async def counts(session: AsyncSession, ids: Sequence[InitiativeId]) -> Mapping[InitiativeId, Mapping[Stance, int]]:
    """Return the number of opinions on each initiative by stance; zeros are left out."""
    about, stance = col(OpinionRow.initiative_id), col(OpinionRow.stance)
    query = select(about, stance, func.count()).where(about.in_(ids)).group_by(about, stance)
    found: dict[InitiativeId, dict[Stance, int]] = {}
    for initiative_id, kind, number in await session.execute(query):
        found.setdefault(InitiativeId(initiative_id), {})[Stance(kind)] = number
    return found


def _row(initiative_id: InitiativeId, citizen: Person, opinion: Opinion) -> OpinionRow:
    return OpinionRow(
        id=opinion.id,
        initiative_id=initiative_id,
        citizen=citizen,
        stance=opinion.stance,
        text=opinion.text,
        given_at=opinion.given_at,
    )


def _opinion(row: OpinionRow) -> Opinion:
    return Opinion(row.id, Stance(row.stance), row.text, row.given_at)
