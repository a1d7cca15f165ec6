"""How many cases there are by cause, and which wait, for the gauges."""

from collections.abc import Collection, Sequence

from sqlalchemy import distinct, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from committee.domain.case import Case, CaseState, Cause
from committee.store.cases import case_of
from committee.store.tables import CaseRow, CauseRow


async def cases_from(session: AsyncSession, cause: Cause) -> int:
    """Return the number of cases that have this cause, among others."""
    query = select(func.count(distinct(col(CauseRow.case_id)))).where(col(CauseRow.cause) == cause)
    return (await session.execute(query)).scalar_one()


async def waiting(session: AsyncSession, states: Collection[CaseState]) -> Sequence[Case]:
    """Return the cases in these states, oldest first, without locking them."""
    query = select(CaseRow).where(col(CaseRow.state).in_(states))
    rows = await session.scalars(query.order_by(col(CaseRow.opened_at), col(CaseRow.case_id)))
    return [case_of(row) for row in rows]
