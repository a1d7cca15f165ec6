"""Initiatives with all that is public about them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from evaluation.domain.initiative import UNDER_WAY, Initiative, State
from evaluation.domain.opinion import Stance
from evaluation.domain.score import Result
from evaluation.store import opinions, progress, results
from evaluation.store.progress import FRESH, Progress
from evaluation.store.tables import InitiativeRow
from townhall.chassis.http import Cursor
from townhall.contracts.values import DirectiveId, InitiativeId, TaskId


@dataclass(frozen=True, slots=True)
class InitiativeDetails:
    """An initiative with what citizens made of it so far."""

    initiative: Initiative
    opinions: Mapping[Stance, int]
    result: Result | None


async def add(session: AsyncSession, opened: Sequence[Initiative]) -> set[InitiativeId]:
    """Store new initiatives, one at least; leave out those whose directive or task has one (E1: the constraints judge).

    Return those stored.
    """
    # In one order for all, so that nobody waits in a circle for a task that another is opening the initiative of.
    rows = [_first(each) | _now(each) for each in sorted(opened, key=lambda each: each.id)]
    added = insert(InitiativeRow).on_conflict_do_nothing().returning(col(InitiativeRow.id))
    return {InitiativeId(key) for key in await session.scalars(added, rows)}


async def save(session: AsyncSession, initiative: Initiative) -> None:
    """Store where an initiative stands. Its row is locked."""
    mine = col(InitiativeRow.id) == initiative.id
    await session.execute(update(InitiativeRow).where(mine).values(**_now(initiative)))


async def known(session: AsyncSession, ids: Collection[InitiativeId]) -> set[InitiativeId]:
    """Tell which of these initiatives there are."""
    found = await session.scalars(select(col(InitiativeRow.id)).where(col(InitiativeRow.id).in_(ids)))
    return {InitiativeId(key) for key in found}


async def locked(session: AsyncSession, ids: Collection[InitiativeId]) -> Mapping[InitiativeId, Initiative]:
    """Lock and read initiatives, in one order for all transactions. Those that don't exist are left out."""
    asked = select(InitiativeRow).where(col(InitiativeRow.id).in_(ids)).order_by(col(InitiativeRow.id))
    rows = await session.scalars(asked.with_for_update(key_share=True), execution_options=FRESH)
    return {each.id: each for each in await _whole(session, rows.all())}


async def overdue(session: AsyncSession, today: date, most: int) -> Sequence[Initiative]:
    """Lock and read initiatives whose due date passed untold, leaving those another process works on (E4)."""
    due = col(InitiativeRow.due_on)
    asked = (
        select(InitiativeRow)
        .where(col(InitiativeRow.state).in_(UNDER_WAY), due < today)
        .where(col(InitiativeRow.overdue_for).is_distinct_from(due))
        .order_by(due)
        .limit(most)
    )
    rows = await session.scalars(asked.with_for_update(key_share=True, skip_locked=True), execution_options=FRESH)
    return await _whole(session, rows.all())


async def details(session: AsyncSession, initiative_id: InitiativeId) -> InitiativeDetails | None:
    """Read one initiative with everything public about it."""
    rows = await session.scalars(select(InitiativeRow).where(col(InitiativeRow.id) == initiative_id))
    return next(iter(await _details(session, rows.all())), None)


async def page(
    session: AsyncSession, state: State | None, after: Cursor | None, limit: int
) -> Sequence[InitiativeDetails]:
    """Read initiatives, newest first, from the place where the last page ended."""
    time, key = col(InitiativeRow.opened_at), col(InitiativeRow.id)
    asked: Select[InitiativeRow] = select(InitiativeRow).order_by(time.desc(), key.desc()).limit(limit)
    if state is not None:
        asked = asked.where(col(InitiativeRow.state) == state)
    if after is not None:
        asked = asked.where(tuple_(time, key) < tuple_(literal(after.at), literal(after.id)))
    return await _details(session, (await session.scalars(asked)).all())


async def _details(session: AsyncSession, rows: Sequence[InitiativeRow]) -> list[InitiativeDetails]:
    whole = await _whole(session, rows)
    ids = [each.id for each in whole]
    counts, found = await opinions.counts(session, ids), await results.latest(session, ids)
    return [InitiativeDetails(each, counts.get(each.id, {}), found.get(each.id)) for each in whole]


async def _whole(session: AsyncSession, rows: Sequence[InitiativeRow]) -> list[Initiative]:
    kept = await progress.of_initiatives(session, [InitiativeId(row.id) for row in rows])
    return [_initiative(row, kept[InitiativeId(row.id)]) for row in rows]


def _first(initiative: Initiative) -> dict[str, Any]:
    """What of an initiative never changes."""
    return {
        "id": initiative.id,
        "task_id": initiative.task_id,
        "directive_id": initiative.directive_id,
        "title": initiative.title,
        "responsible_body": initiative.responsible_body,
        "opened_at": initiative.opened_at,
    }


def _now(initiative: Initiative) -> dict[str, Any]:
    """What of an initiative can change."""
    return {
        "due_on": initiative.due_on,
        "state": initiative.state,
        "started_at": initiative.started_at,
        "overdue_for": initiative.overdue_for,
    }


def _initiative(row: InitiativeRow, said: Progress) -> Initiative:
    return Initiative(
        id=InitiativeId(row.id),
        task_id=TaskId(row.task_id),
        directive_id=DirectiveId(row.directive_id),
        title=row.title,
        responsible_body=row.responsible_body,
        due_on=row.due_on,
        opened_at=row.opened_at,
        state=State(row.state),
        started_at=row.started_at,
        overdue_for=row.overdue_for,
        report=said.report,
        verification=said.verification,
        milestones=said.milestones,
        delays=said.delays,
    )
