"""Evaluation rounds and what they evaluate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from evaluation.domain.refusals import InitiativeInAnotherRound
from evaluation.domain.round import Cancellation, Round, RoundState
from evaluation.domain.score import Result
from evaluation.store import results
from evaluation.store.progress import FRESH
from evaluation.store.tables import ApplicationRow, RoundRow, SubjectRow
from townhall.chassis.http import Cursor
from townhall.contracts.values import ActedBy, InitiativeId, RoundId, RuleUsed


@dataclass(frozen=True, slots=True)
class RoundDetails:
    """A round with what is public about its applications and results."""

    round: Round
    applicants: int
    results: Sequence[Result]


async def add(session: AsyncSession, opened: Round) -> None:
    """Store a new round with what it evaluates; an initiative of another round is refused (E8: the index judges)."""
    fixed = {
        "id": opened.id,
        "title": opened.title,
        "panel_size": opened.panel_size,
        "seed_commitment": opened.seed_commitment,
        "applications_close_at": opened.applications_close_at,
        "opened_at": opened.opened_at,
        "rule_version": opened.rule.version,
        "rule_article": opened.rule.article,
    }
    await session.execute(insert(RoundRow).values(fixed | _now(opened)))
    subjects = [
        {"round_id": opened.id, "initiative_id": each, "place": place, "released": False}
        for place, each in enumerate(opened.initiative_ids)
    ]
    free = insert(SubjectRow).values(subjects).on_conflict_do_nothing()
    taken = (await session.scalars(free.returning(col(SubjectRow.initiative_id)))).all()
    if len(taken) != len(subjects):
        raise InitiativeInAnotherRound  # E8


async def save(session: AsyncSession, changed: Round) -> None:
    """Store where a round stands. Its row is locked."""
    await session.execute(update(RoundRow).where(col(RoundRow.id) == changed.id).values(**_now(changed)))


async def release(session: AsyncSession, round_id: RoundId) -> None:
    """Let the initiatives of a cancelled round be evaluated in another one."""
    await session.execute(update(SubjectRow).where(col(SubjectRow.round_id) == round_id).values(released=True))


async def locked(session: AsyncSession, round_id: RoundId, *, shared: bool = False) -> Round | None:
    """Lock and read a round. Shared: its applications and scores may go in side by side, but its state stays."""
    asked = select(RoundRow).where(col(RoundRow.id) == round_id)
    lock = asked.with_for_update(read=True) if shared else asked.with_for_update(key_share=True)
    rows = await session.scalars(lock, execution_options=FRESH)
    return next(iter(await _whole(session, rows.all())), None)


async def overdue(session: AsyncSession, at: datetime, most: int) -> Sequence[Round]:
    """Lock and read rounds whose next step is late untold, leaving those another process works on (E14)."""
    due = col(RoundRow.due_at)
    late = select(RoundRow).where(due < at, col(RoundRow.overdue_for).is_distinct_from(due)).order_by(due).limit(most)
    rows = await session.scalars(late.with_for_update(key_share=True, skip_locked=True), execution_options=FRESH)
    return await _whole(session, rows.all())


async def details(session: AsyncSession, round_id: RoundId) -> RoundDetails | None:
    """Read one round with its results."""
    rows = await session.scalars(select(RoundRow).where(col(RoundRow.id) == round_id))
    return next(iter(await _details(session, rows.all())), None)


async def page(
    session: AsyncSession, state: RoundState | None, after: Cursor | None, limit: int
) -> Sequence[RoundDetails]:
    """Read rounds, newest first, from the place where the last page ended."""
    time, key = col(RoundRow.opened_at), col(RoundRow.id)
    asked = select(RoundRow).order_by(time.desc(), key.desc()).limit(limit)
    if state is not None:
        asked = asked.where(col(RoundRow.state) == state)
    if after is not None:
        asked = asked.where(tuple_(time, key) < tuple_(literal(after.at), literal(after.id)))
    return await _details(session, (await session.scalars(asked)).all())


async def _details(session: AsyncSession, rows: Sequence[RoundRow]) -> list[RoundDetails]:
    whole = await _whole(session, rows)
    ids = [each.id for each in whole]
    applicants, found = await _applicants(session, ids), await results.of_rounds(session, ids)
    return [RoundDetails(each, applicants.get(each.id, 0), found.get(each.id, ())) for each in whole]


async def _applicants(session: AsyncSession, ids: Sequence[RoundId]) -> Mapping[RoundId, int]:
    of = col(ApplicationRow.round_id)
    asked = select(of, func.count()).where(of.in_(ids)).group_by(of)
    return {RoundId(round_id): number for round_id, number in await session.execute(asked)}


async def _whole(session: AsyncSession, rows: Sequence[RoundRow]) -> list[Round]:
    of = col(SubjectRow.round_id)
    asked = select(of, col(SubjectRow.initiative_id)).where(of.in_([row.id for row in rows]))
    subjects: dict[UUID, list[InitiativeId]] = {}
    for round_id, initiative_id in await session.execute(asked.order_by(col(SubjectRow.place))):
        subjects.setdefault(round_id, []).append(InitiativeId(initiative_id))
    return [_round(row, tuple(subjects.get(row.id, ()))) for row in rows]


def _now(changed: Round) -> dict[str, Any]:
    """What of a round can change."""
    ended = changed.cancellation
    return {
        "state": changed.state,
        "due_at": changed.due_at,
        "overdue_for": changed.overdue_for,
        "seed": changed.seed,
        "frame_sha256": changed.frame_sha256,
        "published_at": changed.published_at,
        "cancel_reason": ended.reason if ended else None,
        "cancel_note": ended.note if ended else None,
        "cancelled_by": ended.acted_by if ended else None,
        "cancelled_at": ended.at if ended else None,
    }


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
