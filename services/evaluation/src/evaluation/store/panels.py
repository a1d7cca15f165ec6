"""Applications to a panel. A citizen's pseudonym leads to their ticket; nothing public leads back."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from evaluation.domain.lot import Entry, Ticket
from evaluation.domain.opinion import Person
from evaluation.store.tables import ApplicationRow
from townhall.contracts.values import RoundId


async def apply(session: AsyncSession, round_id: RoundId, citizen: Person, ticket: Ticket) -> Ticket:
    """Store an application, or change the stratum of the citizen's earlier one, whose ticket it then keeps (E9)."""
    stratum = {"region": ticket.region, "age_band": ticket.age_band, "sex": ticket.sex}
    row = {"round_id": round_id, "citizen": citizen, "ticket": ticket.ticket, "drawn": False} | stratum
    applied = insert(ApplicationRow).values(row)
    kept = applied.on_conflict_do_update(constraint="e9_one_application_per_citizen", set_=stratum)
    handle = (await session.scalars(kept.returning(col(ApplicationRow.ticket)))).one()
    return Ticket(handle, ticket.region, ticket.age_band, ticket.sex)


async def entry(session: AsyncSession, round_id: RoundId, citizen: Person) -> Entry | None:
    """Read a citizen's own application."""
    mine = (col(ApplicationRow.round_id) == round_id) & (col(ApplicationRow.citizen) == citizen)
    row = (await session.scalars(select(ApplicationRow).where(mine))).first()
    return _entry(row) if row else None


async def frame(session: AsyncSession, round_id: RoundId) -> Sequence[Entry]:
    """Read all applications by ticket, as the lot sees them: without persons."""
    asked = select(ApplicationRow).where(col(ApplicationRow.round_id) == round_id)
    return sorted((_entry(row) for row in await session.scalars(asked)), key=lambda each: each.ticket)


async def note_drawn(session: AsyncSession, round_id: RoundId, tickets: Collection[str]) -> None:
    """Remember on whom the lot fell."""
    drawn = (col(ApplicationRow.round_id) == round_id) & col(ApplicationRow.ticket).in_(tickets)
    await session.execute(update(ApplicationRow).where(drawn).values(drawn=True))


async def seats(session: AsyncSession, round_id: RoundId) -> int:
    """Count the members of the panel."""
    drawn = (col(ApplicationRow.round_id) == round_id) & col(ApplicationRow.drawn)
    return (await session.execute(select(func.count()).select_from(ApplicationRow).where(drawn))).scalar_one()


def _entry(row: ApplicationRow) -> Entry:
    return Entry(Ticket(row.ticket, row.region, row.age_band, row.sex), row.drawn)
