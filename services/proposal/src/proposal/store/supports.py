"""Who supports which proposal. Supporters are pseudonyms and are never listed."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from proposal.domain.lifecycle import Person
from proposal.store.tables import SupportRow
from townhall.contracts.values import ProposalId


async def exists(session: AsyncSession, proposal_id: ProposalId, supporter: Person) -> bool:
    """Return whether the person supports the proposal."""
    mine = (col(SupportRow.proposal_id) == proposal_id) & (col(SupportRow.supporter) == supporter)
    return (await session.scalars(select(col(SupportRow.proposal_id)).where(mine))).first() is not None


async def add(session: AsyncSession, proposal_id: ProposalId, supporter: Person, at: datetime) -> int:
    """Add a support. Returns 1, or 0 if it existed (P10: the constraint decides)."""
    row = SupportRow(proposal_id=proposal_id, supporter=supporter, supported_at=at)
    added = (
        insert(SupportRow)
        .values(row.model_dump())
        .on_conflict_do_nothing(constraint="p10_one_support_per_citizen")
        .returning(col(SupportRow.proposal_id))
    )
    return len((await session.scalars(added)).all())


async def remove(session: AsyncSession, proposal_id: ProposalId, supporter: Person) -> int:
    """Remove a support. Returns 1, or 0 if there was none."""
    mine = (col(SupportRow.proposal_id) == proposal_id) & (col(SupportRow.supporter) == supporter)
    removed = delete(SupportRow).where(mine).returning(col(SupportRow.proposal_id))
    return len((await session.scalars(removed)).all())
