"""Screening decisions, and the screenings that are overdue."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from proposal.domain.lifecycle import Move, Screening, State
from proposal.store.tables import ProposalRow, ScreeningRow
from townhall.contracts.values import ActedBy, ProposalId


async def add(session: AsyncSession, proposal_id: ProposalId, screening: Screening) -> None:
    """Store a decision. Earlier decisions on the proposal stay."""
    session.add(_row(proposal_id, screening))
    await session.flush()


async def by_proposal(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, tuple[Screening, ...]]:
    """Return the decisions on these proposals, oldest first. A proposal without one has no entry."""
    query = select(ScreeningRow).where(col(ScreeningRow.proposal_id).in_(ids)).order_by(col(ScreeningRow.id))
    found: dict[UUID, tuple[Screening, ...]] = {}
    for row in await session.scalars(query):
        found[row.proposal_id] = (*found.get(row.proposal_id, ()), _value(row))
    return found


async def lock_overdue(session: AsyncSession, at: datetime, limit: int) -> Sequence[ProposalId]:
    """Lock the proposals whose screening is overdue and not yet announced, and return their ids, earliest due first.

    Rows that another transaction has locked are skipped, so that several processes share the work (P16).
    """
    query = (
        select(col(ProposalRow.id))
        .where(col(ProposalRow.state) == State.SCREENING, col(ProposalRow.screening_due_at) <= at)
        .where(col(ProposalRow.overdue_announced_for).is_distinct_from(col(ProposalRow.screening_due_at)))
        .order_by(col(ProposalRow.screening_due_at))
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
    )
    return [ProposalId(each) for each in await session.scalars(query)]


async def mark_overdue_announced(session: AsyncSession, ids: Collection[ProposalId]) -> None:
    """Note that the current due dates of these proposals were announced as overdue (P16)."""
    announced = {"overdue_announced_for": col(ProposalRow.screening_due_at)}
    await session.execute(update(ProposalRow).where(col(ProposalRow.id).in_(ids)).values(announced))


def _row(proposal_id: ProposalId, screening: Screening) -> ScreeningRow:
    return ScreeningRow(
        proposal_id=proposal_id,
        decision=screening.decision,
        reason=screening.reason,
        note=screening.note,
        body=screening.body,
        acted_by=screening.acted_by,
        at=screening.at,
    )


def _value(row: ScreeningRow) -> Screening:
    return Screening(Move(row.decision), row.reason, row.note, row.body, ActedBy(row.acted_by), row.at)
