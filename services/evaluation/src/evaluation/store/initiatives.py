"""Initiatives with all that is public about them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Select, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from evaluation.domain.initiative import UNDER_WAY, Initiative, State
from evaluation.domain.opinion import Stance
from evaluation.domain.result import Result
from evaluation.store import delays, milestones, opinions, reports, results
from evaluation.store.tables import LOCKED_READ, InitiativeRow
from townhall.chassis.http import Cursor
from townhall.contracts.values import DirectiveId, InitiativeId, TaskId

_CHANGEABLE: Final = {"due_on", "state", "started_at", "overdue_for"}


@dataclass(frozen=True, slots=True)
class InitiativeDetails:
    """An initiative with its opinions and latest result: all that is public about it."""

    initiative: Initiative
    opinions: Mapping[Stance, int]
    """The number of opinions by stance; a stance without any is left out."""
    result: Result | None


async def add(session: AsyncSession, opened: Sequence[Initiative]) -> set[InitiativeId]:
    """Store new initiatives, at least one. Returns the ids of those stored.

    One whose directive or task has an initiative already is left out (E1, by the constraints).
    """
    # Sorted, so that concurrent transactions insert in the same order and can't deadlock.
    rows = [_row(each).model_dump() for each in sorted(opened, key=lambda each: each.id)]
    added = insert(InitiativeRow).on_conflict_do_nothing().returning(col(InitiativeRow.id))
    return {InitiativeId(key) for key in await session.scalars(added, rows)}


async def save(session: AsyncSession, initiative: Initiative) -> None:
    """Store the state and dates of an initiative. Lock its row before."""
    changed = _row(initiative).model_dump(include=_CHANGEABLE)
    await session.execute(update(InitiativeRow).where(col(InitiativeRow.id) == initiative.id).values(changed))


async def existing(session: AsyncSession, ids: Collection[InitiativeId]) -> set[InitiativeId]:
    """Return those of the ids under which there is an initiative."""
    found = await session.scalars(select(col(InitiativeRow.id)).where(col(InitiativeRow.id).in_(ids)))
    return {InitiativeId(key) for key in found}


async def get_for_update(session: AsyncSession, ids: Collection[InitiativeId]) -> Mapping[InitiativeId, Initiative]:
    """Lock and return initiatives, without those that don't exist. Locks in the order of ids, to avoid deadlocks."""
    query = select(InitiativeRow).where(col(InitiativeRow.id).in_(ids)).order_by(col(InitiativeRow.id))
    rows = await session.scalars(query.with_for_update(key_share=True), execution_options=LOCKED_READ)
    return {each.id: each for each in await _initiatives(session, rows.all())}


async def lock_overdue(session: AsyncSession, today: date, limit: int) -> Sequence[Initiative]:
    """Lock and return initiatives with a passed due date that was not announced (E4); skip those locked by others."""
    due = col(InitiativeRow.due_on)
    query = (
        select(InitiativeRow)
        .where(col(InitiativeRow.state).in_(UNDER_WAY), due < today)
        .where(col(InitiativeRow.overdue_for).is_distinct_from(due))
        .order_by(due)
        .limit(limit)
    )
    lock = query.with_for_update(key_share=True, skip_locked=True)
    rows = await session.scalars(lock, execution_options=LOCKED_READ)
    return await _initiatives(session, rows.all())


async def get(session: AsyncSession, initiative_id: InitiativeId) -> InitiativeDetails | None:
    """Return one initiative with all that is public about it; None if it doesn't exist."""
    rows = await session.scalars(select(InitiativeRow).where(col(InitiativeRow.id) == initiative_id))
    return next(iter(await _details(session, rows.all())), None)


async def page(
    session: AsyncSession, state: State | None, after: Cursor | None, limit: int
) -> Sequence[InitiativeDetails]:
    """Return up to `limit + 1` initiatives, newest first, starting after the cursor."""
    time, key = col(InitiativeRow.opened_at), col(InitiativeRow.id)
    query: Select[InitiativeRow] = select(InitiativeRow).order_by(time.desc(), key.desc()).limit(limit + 1)
    if state is not None:
        query = query.where(col(InitiativeRow.state) == state)
    if after is not None:
        query = query.where(tuple_(time, key) < tuple_(literal(after.at), literal(after.id)))
    return await _details(session, (await session.scalars(query)).all())


async def _details(session: AsyncSession, rows: Sequence[InitiativeRow]) -> list[InitiativeDetails]:
    found = await _initiatives(session, rows)
    ids = [each.id for each in found]
    counts, latest = await opinions.counts(session, ids), await results.latest(session, ids)
    return [InitiativeDetails(each, counts.get(each.id, {}), latest.get(each.id)) for each in found]


async def _initiatives(session: AsyncSession, rows: Sequence[InitiativeRow]) -> list[Initiative]:
    ids = [InitiativeId(row.id) for row in rows]
    planned, delayed = await milestones.by_initiative(session, ids), await delays.by_initiative(session, ids)
    reported, verified = await reports.by_initiative(session, ids), await reports.verifications(session, ids)
    return [
        Initiative(
            id=key,
            task_id=TaskId(row.task_id),
            directive_id=DirectiveId(row.directive_id),
            title=row.title,
            responsible_body=row.responsible_body,
            due_on=row.due_on,
            opened_at=row.opened_at,
            state=State(row.state),
            started_at=row.started_at,
            overdue_for=row.overdue_for,
            report=reported.get(key),
            verification=verified.get(key),
            milestones=tuple(planned.get(key, ())),
            delays=tuple(delayed.get(key, ())),
        )
        for key, row in zip(ids, rows, strict=True)
    ]


def _row(initiative: Initiative) -> InitiativeRow:
    return InitiativeRow(
        id=initiative.id,
        task_id=initiative.task_id,
        directive_id=initiative.directive_id,
        title=initiative.title,
        responsible_body=initiative.responsible_body,
        due_on=initiative.due_on,
        state=initiative.state,
        opened_at=initiative.opened_at,
        started_at=initiative.started_at,
        overdue_for=initiative.overdue_for,
    )
