"""Who supports what. Supporters are pseudonyms and are never listed."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from proposal.domain.lifecycle import Person
from proposal.store.tables import SupportRow
from townhall.contracts.values import ProposalId


async def given(session: AsyncSession, proposal_id: ProposalId, supporter: Person) -> bool:
    """Tell whether the person supports the proposal."""
    mine = (col(SupportRow.proposal_id) == proposal_id) & (col(SupportRow.supporter) == supporter)
    return (await session.scalars(select(col(SupportRow.proposal_id)).where(mine))).first() is not None


async def give(session: AsyncSession, proposal_id: ProposalId, supporter: Person, at: datetime) -> int:
    """Add a support; return 1, or 0 when it was there already (P10: the constraint is the judge)."""
    row = {"proposal_id": proposal_id, "supporter": supporter, "supported_at": at}
    added = insert(SupportRow).values(row).on_conflict_do_nothing(constraint="p10_one_support_per_citizen")
    return len((await session.scalars(added.returning(col(SupportRow.proposal_id)))).all())


async def take_back(session: AsyncSession, proposal_id: ProposalId, supporter: Person) -> int:
    """Remove a support; return 1, or 0 when there was none."""
    mine = (col(SupportRow.proposal_id) == proposal_id) & (col(SupportRow.supporter) == supporter)
    removed = delete(SupportRow).where(mine).returning(col(SupportRow.proposal_id))
    return len((await session.scalars(removed)).all())
