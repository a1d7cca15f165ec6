"""Sittings and the members who attend them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from committee.domain.sitting import Sitting, SittingState
from committee.store.cases import FRESH
from committee.store.tables import AttendanceRow, SittingRow
from townhall.chassis.http import Cursor
from townhall.contracts.values import SittingId


async def add(session: AsyncSession, sitting: Sitting) -> None:
    """Store a new sitting."""
    await session.execute(insert(SittingRow).values(_row(sitting).model_dump()))


async def save(session: AsyncSession, sitting: Sitting) -> None:
    """Store the changes to a sitting. The caller holds its row lock."""
    columns = _row(sitting).model_dump(exclude={"sitting_id", "taken"})
    await session.execute(update(SittingRow).where(col(SittingRow.sitting_id) == sitting.sitting_id).values(columns))


async def add_attendance(session: AsyncSession, sitting_id: SittingId, person: str, at: datetime) -> int:
    """Store that a member attends. Returns 1, or 0 if it was stored before (C5: the constraint decides)."""
    row = AttendanceRow(sitting_id=sitting_id, person=person, arrived_at=at)
    added = insert(AttendanceRow).values(row.model_dump()).on_conflict_do_nothing(constraint="c5_each_member_once")
    return len((await session.scalars(added.returning(col(AttendanceRow.sitting_id)))).all())


async def get_for_update(session: AsyncSession, sitting_id: SittingId) -> Sitting | None:
    """Lock and return one sitting, or None."""
    query = select(SittingRow).where(col(SittingRow.sitting_id) == sitting_id).with_for_update(key_share=True)
    row = (await session.scalars(query, execution_options=FRESH)).first()
    return _value(row) if row else None


async def get(session: AsyncSession, sitting_id: SittingId) -> Sitting | None:
    """Return one sitting, or None."""
    row = (await session.scalars(select(SittingRow).where(col(SittingRow.sitting_id) == sitting_id))).first()
    return _value(row) if row else None


async def first_expired(session: AsyncSession, at: datetime) -> SittingId | None:
    """Return the id of the sitting whose `ends_at` passed first, or None when there is none (C11)."""
    query = select(col(SittingRow.sitting_id)).where(col(SittingRow.ends_at) <= at).order_by(col(SittingRow.ends_at))
    key = (await session.scalars(query.limit(1))).first()
    return SittingId(key) if key else None


async def page(
    session: AsyncSession, state: SittingState | None, after: Cursor | None, limit: int
) -> Sequence[Sitting]:
    """Return up to `limit + 1` sittings after the cursor, latest first, in this state if one is given."""
    time, key = col(SittingRow.sits_at), col(SittingRow.sitting_id)
    query: Select[SittingRow] = select(SittingRow).order_by(time.desc(), key.desc()).limit(limit + 1)
    if state is not None:
        query = query.where(col(SittingRow.state) == state)
    if after is not None:
        query = query.where(tuple_(time, key) < tuple_(literal(after.at), literal(after.id)))
    return [_value(row) for row in await session.scalars(query)]


def _row(sitting: Sitting) -> SittingRow:
    return SittingRow(
        sitting_id=sitting.sitting_id,
        sits_at=sitting.sits_at,
        capacity=sitting.capacity,
        place=sitting.place,
        state=sitting.state,
        present=sitting.present,
        ends_at=sitting.ends_at,
        rule_version=sitting.rule_version,
    )


def _value(row: SittingRow) -> Sitting:
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
