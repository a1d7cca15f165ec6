"""What citizens think of results. Who they are is a pseudonym and is never listed."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from evaluation.domain.opinion import Opinion, Person, Stance
from evaluation.store.tables import OpinionRow
from townhall.chassis.http import Cursor
from townhall.contracts.values import InitiativeId


async def give(session: AsyncSession, initiative_id: InitiativeId, citizen: Person, opinion: Opinion) -> Opinion:
    """Store an opinion in the place of the citizen's earlier one, whose id it then keeps (E6)."""
    said = {"stance": opinion.stance, "text": opinion.text, "given_at": opinion.given_at}
    row = {"id": opinion.id, "initiative_id": initiative_id, "citizen": citizen} | said
    given = insert(OpinionRow).values(row)
    kept = given.on_conflict_do_update(constraint="e6_one_opinion_per_citizen", set_=said)
    return Opinion(
        (await session.scalars(kept.returning(col(OpinionRow.id)))).one(),
        opinion.stance,
        opinion.text,
        opinion.given_at,
    )


async def page(
    session: AsyncSession, initiative_id: InitiativeId, after: Cursor | None, limit: int
) -> Sequence[Opinion]:
    """Read opinions on an initiative, newest first, from the place where the last page ended."""
    time, key = col(OpinionRow.given_at), col(OpinionRow.id)
    about = select(OpinionRow).where(col(OpinionRow.initiative_id) == initiative_id)
    if after is not None:
        about = about.where(tuple_(time, key) < tuple_(literal(after.at), literal(after.id)))
    rows = await session.scalars(about.order_by(time.desc(), key.desc()).limit(limit))
    return [Opinion(row.id, Stance(row.stance), row.text, row.given_at) for row in rows]


async def counts(session: AsyncSession, ids: Sequence[InitiativeId]) -> Mapping[InitiativeId, Mapping[Stance, int]]:
    """Count the opinions on each initiative by stance."""
    about, stance = col(OpinionRow.initiative_id), col(OpinionRow.stance)
    asked = select(about, stance, func.count()).where(about.in_(ids)).group_by(about, stance)
    found: dict[InitiativeId, dict[Stance, int]] = {}
    for initiative_id, kind, number in await session.execute(asked):
        found.setdefault(InitiativeId(initiative_id), {})[Stance(kind)] = number
    return found
