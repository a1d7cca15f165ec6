"""Applications to panels. A citizen's pseudonym leads to their ticket; nothing that is published leads back."""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from evaluation.domain.opinion import Person
from evaluation.domain.panel_draw import FrameEntry, Ticket
from evaluation.store.tables import ApplicationRow
from townhall.contracts.values import RoundId

_CHANGEABLE: Final = {"region", "age_band", "sex"}


async def upsert(session: AsyncSession, round_id: RoundId, citizen: Person, ticket: Ticket) -> Ticket:
    """Store an application. If the citizen has one, it keeps its ticket and gets this stratum (E9). Returns it."""
    row = _row(round_id, citizen, ticket)
    statement = insert(ApplicationRow).values(row.model_dump())
    stored = statement.on_conflict_do_update(
        constraint="e9_one_application_per_citizen", set_=row.model_dump(include=_CHANGEABLE)
    )
    row.ticket = (await session.scalars(stored.returning(col(ApplicationRow.ticket)))).one()
    return _entry(row).ticket


async def entry(session: AsyncSession, round_id: RoundId, citizen: Person) -> FrameEntry | None:
    """Return a citizen's own application; None if they didn't apply."""
    own = (col(ApplicationRow.round_id) == round_id) & (col(ApplicationRow.citizen) == citizen)
    row = (await session.scalars(select(ApplicationRow).where(own))).first()
    return _entry(row) if row else None


async def frame(session: AsyncSession, round_id: RoundId) -> Sequence[FrameEntry]:
    """Return all applications of a round without their citizens, sorted by ticket."""
    query = select(ApplicationRow).where(col(ApplicationRow.round_id) == round_id)
    return sorted((_entry(row) for row in await session.scalars(query)), key=lambda each: each.ticket)


async def mark_drawn(session: AsyncSession, round_id: RoundId, tickets: Collection[str]) -> None:
    """Store which tickets were drawn."""
    drawn = (col(ApplicationRow.round_id) == round_id) & col(ApplicationRow.ticket).in_(tickets)
    await session.execute(update(ApplicationRow).where(drawn).values(drawn=True))


async def seats(session: AsyncSession, round_id: RoundId) -> int:
    """Return the number of drawn panel members."""
    drawn = (col(ApplicationRow.round_id) == round_id) & col(ApplicationRow.drawn)
    return (await session.execute(select(func.count()).select_from(ApplicationRow).where(drawn))).scalar_one()


def _row(round_id: RoundId, citizen: Person, ticket: Ticket) -> ApplicationRow:
    return ApplicationRow(
        round_id=round_id,
        citizen=citizen,
        ticket=ticket.ticket,
        region=ticket.region,
        age_band=ticket.age_band,
        sex=ticket.sex,
    )


def _entry(row: ApplicationRow) -> FrameEntry:
    return FrameEntry(Ticket(row.ticket, row.region, row.age_band, row.sex), row.drawn)
