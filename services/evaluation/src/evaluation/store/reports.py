"""Final reports of responsible bodies on initiatives, and their verification by the Support Unit."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from evaluation.domain.initiative import Report, State, Verification
from evaluation.store.tables import ReportRow, VerificationRow
from townhall.contracts.values import ActedBy, InitiativeId


async def add(session: AsyncSession, initiative_id: InitiativeId, report: Report) -> None:
    """Store the report on an initiative."""
    session.add(_row(initiative_id, report))
    await session.flush()


async def add_verification(session: AsyncSession, initiative_id: InitiativeId, verification: Verification) -> None:
    """Store the verification of an initiative's report."""
    session.add(_verification_row(initiative_id, verification))
    await session.flush()


async def by_initiative(session: AsyncSession, ids: Sequence[InitiativeId]) -> Mapping[InitiativeId, Report]:
    """Return the report on each initiative that has one."""
    rows = await session.scalars(select(ReportRow).where(col(ReportRow.initiative_id).in_(ids)))
    return {InitiativeId(row.initiative_id): _report(row) for row in rows}


async def verifications(session: AsyncSession, ids: Sequence[InitiativeId]) -> Mapping[InitiativeId, Verification]:
    """Return the verification of each initiative that has one."""
    rows = await session.scalars(select(VerificationRow).where(col(VerificationRow.initiative_id).in_(ids)))
    return {InitiativeId(row.initiative_id): _verification(row) for row in rows}


def _row(initiative_id: InitiativeId, report: Report) -> ReportRow:
    return ReportRow(
        initiative_id=initiative_id,
        outcome=report.outcome,
        reason=report.reason,
        note=report.note,
        acted_by=report.acted_by,
        at=report.at,
    )


def _report(row: ReportRow) -> Report:
    return Report(State(row.outcome), row.reason, row.note, ActedBy(row.acted_by), row.at)


def _verification_row(initiative_id: InitiativeId, verification: Verification) -> VerificationRow:
    return VerificationRow(
        initiative_id=initiative_id, note=verification.note, acted_by=verification.acted_by, at=verification.at
    )


def _verification(row: VerificationRow) -> Verification:
    return Verification(row.note, ActedBy(row.acted_by), row.at)
