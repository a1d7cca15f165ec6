"""Evaluation rounds and the initiatives in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from evaluation.domain.result import Result
from evaluation.domain.round import Cancellation, InitiativeInAnotherRound, Round, RoundState
from evaluation.store import results
from evaluation.store.tables import LOCKED_READ, ApplicationRow, RoundInitiativeRow, RoundRow
from townhall.chassis.http import Cursor
from townhall.contracts.values import ActedBy, InitiativeId, RoundId, RuleUsed

_CHANGEABLE: Final = {
    *("state", "due_at", "overdue_for", "seed", "frame_sha256", "published_at"),
    *("cancel_reason", "cancel_note", "cancelled_by", "cancelled_at"),
}


@dataclass(frozen=True, slots=True)
class RoundDetails:
    """A round with the number of its applications and its results: all that is public about it."""

    round: Round
    applicants: int
    results: Sequence[Result]
    """Empty until they are published."""


async def add(session: AsyncSession, opened: Round) -> None:
    """Store a new round. Raises `InitiativeInAnotherRound` (E8, by the unique index)."""
    await session.execute(insert(RoundRow).values(_row(opened).model_dump()))
    rows = [
        RoundInitiativeRow(round_id=opened.id, initiative_id=each, position=position).model_dump()
        for position, each in enumerate(opened.initiative_ids)
    ]
    statement = insert(RoundInitiativeRow).values(rows).on_conflict_do_nothing()
    added = (await session.scalars(statement.returning(col(RoundInitiativeRow.initiative_id)))).all()
    if len(added) != len(rows):
        raise InitiativeInAnotherRound


async def save(session: AsyncSession, changed: Round) -> None:
    """Store the state of a round and what came with it. Lock its row before."""
    values = _row(changed).model_dump(include=_CHANGEABLE)
    await session.execute(update(RoundRow).where(col(RoundRow.id) == changed.id).values(values))


async def release_initiatives(session: AsyncSession, round_id: RoundId) -> None:
    """Free the initiatives of a cancelled round for another one. Does not check that the round is cancelled."""
    of_round = col(RoundInitiativeRow.round_id) == round_id
    await session.execute(update(RoundInitiativeRow).where(of_round).values(released=True))


async def get_for_update(session: AsyncSession, round_id: RoundId) -> Round | None:
    """Lock and return a round; None if it doesn't exist."""
    query = select(RoundRow).where(col(RoundRow.id) == round_id).with_for_update(key_share=True)
    rows = await session.scalars(query, execution_options=LOCKED_READ)
    return next(iter(await _rounds(session, rows.all())), None)


async def get_for_share(session: AsyncSession, round_id: RoundId) -> Round | None:
    """Lock and return a round; None if it doesn't exist.

    Several transactions can hold this share lock, to add applications or scores; none can change the round meanwhile.
    """
    query = select(RoundRow).where(col(RoundRow.id) == round_id).with_for_update(read=True)
    rows = await session.scalars(query, execution_options=LOCKED_READ)
    return next(iter(await _rounds(session, rows.all())), None)


async def lock_overdue(session: AsyncSession, at: datetime, limit: int) -> Sequence[Round]:
    """Lock and return rounds whose next step is late, and not announced as such (E14); skip those locked by others."""
    due = col(RoundRow.due_at)
    late = select(RoundRow).where(due < at, col(RoundRow.overdue_for).is_distinct_from(due)).order_by(due).limit(limit)
    rows = await session.scalars(late.with_for_update(key_share=True, skip_locked=True), execution_options=LOCKED_READ)
    return await _rounds(session, rows.all())


async def get(session: AsyncSession, round_id: RoundId) -> RoundDetails | None:
    """Return one round with all that is public about it; None if it doesn't exist."""
    rows = await session.scalars(select(RoundRow).where(col(RoundRow.id) == round_id))
    return next(iter(await _details(session, rows.all())), None)


async def page(
    session: AsyncSession, state: RoundState | None, after: Cursor | None, limit: int
) -> Sequence[RoundDetails]:
    """Return up to `limit + 1` rounds, newest first, starting after the cursor."""
    time, key = col(RoundRow.opened_at), col(RoundRow.id)
    query = select(RoundRow).order_by(time.desc(), key.desc()).limit(limit + 1)
    if state is not None:
        query = query.where(col(RoundRow.state) == state)
    if after is not None:
        query = query.where(tuple_(time, key) < tuple_(literal(after.at), literal(after.id)))
    return await _details(session, (await session.scalars(query)).all())


async def _details(session: AsyncSession, rows: Sequence[RoundRow]) -> list[RoundDetails]:
    rounds = await _rounds(session, rows)
    ids = [each.id for each in rounds]
    applicants, found = await _applicants(session, ids), await results.by_round(session, ids)
    return [RoundDetails(each, applicants.get(each.id, 0), found.get(each.id, ())) for each in rounds]


async def _applicants(session: AsyncSession, ids: Sequence[RoundId]) -> Mapping[RoundId, int]:
    of = col(ApplicationRow.round_id)
    query = select(of, func.count()).where(of.in_(ids)).group_by(of)
    return {RoundId(round_id): number for round_id, number in await session.execute(query)}


async def _rounds(session: AsyncSession, rows: Sequence[RoundRow]) -> list[Round]:
    of = col(RoundInitiativeRow.round_id)
    query = select(of, col(RoundInitiativeRow.initiative_id)).where(of.in_([row.id for row in rows]))
    initiatives: dict[UUID, list[InitiativeId]] = {}
    for round_id, initiative_id in await session.execute(query.order_by(col(RoundInitiativeRow.position))):
        initiatives.setdefault(round_id, []).append(InitiativeId(initiative_id))
    return [_round(row, tuple(initiatives.get(row.id, ()))) for row in rows]


def _row(value: Round) -> RoundRow:
    cancellation = value.cancellation
    return RoundRow(
        id=value.id,
        title=value.title,
        state=value.state,
        panel_size=value.panel_size,
        seed_commitment=value.seed_commitment,
        applications_close_at=value.applications_close_at,
        opened_at=value.opened_at,
        rule_version=value.rule.version,
        rule_article=value.rule.article,
        due_at=value.due_at,
        overdue_for=value.overdue_for,
        seed=value.seed,
        frame_sha256=value.frame_sha256,
        published_at=value.published_at,
        cancel_reason=cancellation.reason if cancellation else None,
        cancel_note=cancellation.note if cancellation else None,
        cancelled_by=cancellation.acted_by if cancellation else None,
        cancelled_at=cancellation.at if cancellation else None,
    )


def _round(row: RoundRow, initiative_ids: tuple[InitiativeId, ...]) -> Round:
    return Round(
        id=RoundId(row.id),
        title=row.title,
        initiative_ids=initiative_ids,
        panel_size=row.panel_size,
        seed_commitment=row.seed_commitment,
        applications_close_at=row.applications_close_at,
        opened_at=row.opened_at,
        rule=RuleUsed(version=row.rule_version, article=row.rule_article),
        state=RoundState(row.state),
        due_at=row.due_at,
        overdue_for=row.overdue_for,
        seed=row.seed,
        frame_sha256=row.frame_sha256,
        published_at=row.published_at,
        cancellation=_cancellation(row),
    )


def _cancellation(row: RoundRow) -> Cancellation | None:
    if row.cancel_reason is None or row.cancelled_by is None or row.cancelled_at is None:
        return None
    return Cancellation(row.cancel_reason, row.cancel_note or "", ActedBy(row.cancelled_by), row.cancelled_at)
