"""Sittings and who is in the room."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from committee.domain.sitting import Sitting, SittingState
from committee.store.cases import FRESH
from committee.store.tables import AttendanceRow, SittingRow
from townhall.contracts.values import SittingId


async def add(session: AsyncSession, sitting: Sitting) -> None:
    """Store a newly called sitting."""
    first = {"sitting_id": sitting.sitting_id, "sits_at": sitting.sits_at, "capacity": sitting.capacity}
    await session.execute(insert(SittingRow).values(**first, taken=0, place=sitting.place, **_now(sitting)))


async def save(session: AsyncSession, sitting: Sitting) -> None:
    """Store where a sitting came to. Its row is locked."""
    here = col(SittingRow.sitting_id) == sitting.sitting_id
    await session.execute(update(SittingRow).where(here).values(**_now(sitting)))


async def admit(session: AsyncSession, sitting_id: SittingId, person: str, at: datetime) -> int:
    """Note a member in the room; return 1, or 0 when they were there already (C5: the constraint is the judge)."""
    row = {"sitting_id": sitting_id, "person": person, "came_at": at}
    came = insert(AttendanceRow).values(row).on_conflict_do_nothing(constraint="c5_each_member_once")
    return len((await session.scalars(came.returning(col(AttendanceRow.sitting_id)))).all())


async def locked(session: AsyncSession, sitting_id: SittingId) -> Sitting | None:
    """Lock and read one sitting."""
    asked = select(SittingRow).where(col(SittingRow.sitting_id) == sitting_id).with_for_update(key_share=True)
    row = (await session.scalars(asked, execution_options=FRESH)).first()
    return read(row) if row else None


async def found(session: AsyncSession, sitting_id: SittingId) -> Sitting | None:
    """Read one sitting."""
    row = (await session.scalars(select(SittingRow).where(col(SittingRow.sitting_id) == sitting_id))).first()
    return read(row) if row else None


async def over(session: AsyncSession, at: datetime) -> SittingId | None:
    """Name a sitting whose time is over and that has not ended."""
    asked = select(col(SittingRow.sitting_id)).where(col(SittingRow.ends_at) <= at).order_by(col(SittingRow.ends_at))
    key = (await session.scalars(asked.limit(1))).first()
    return SittingId(key) if key else None


async def page(
    session: AsyncSession, state: SittingState | None, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Sitting]:
    """Read sittings, latest first, from the place where the last page ended."""
    time, key = col(SittingRow.sits_at), col(SittingRow.sitting_id)
    asked: Select[SittingRow] = select(SittingRow).order_by(time.desc(), key.desc()).limit(limit)
    if state is not None:
        asked = asked.where(col(SittingRow.state) == state)
    if after is not None:
        asked = asked.where(tuple_(time, key) < tuple_(literal(after[0]), literal(after[1])))
    return [read(row) for row in await session.scalars(asked)]


def _now(sitting: Sitting) -> dict[str, Any]:
    """What of a sitting can change."""
    return {
        "state": sitting.state,
        "present": sitting.present,
        "ends_at": sitting.ends_at,
        "rule_version": sitting.rule_version,
    }


def read(row: SittingRow) -> Sitting:
    """Return the sitting a row is about."""
    return Sitting(
        sitting_id=SittingId(row.sitting_id),
        sits_at=row.sits_at,
        capacity=row.capacity,
        place=row.place,
        state=SittingState(row.state),
        present=row.present,
        ends_at=row.ends_at,
        rule_version=row.rule_version,
    )
