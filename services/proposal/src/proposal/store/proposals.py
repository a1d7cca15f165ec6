"""Proposals, their decisions and their lineage."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, literal, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from proposal.domain.lifecycle import Move, Person, Proposal, Screening, State, Wording
from proposal.store.tables import LineageRow, ProposalRow, ScreeningRow
from townhall.contracts.values import ActedBy, ProposalId, RuleUsed, TaskId

Cursor = tuple[datetime, UUID]
"""Where a page ended: time and id of its last item."""

FRESH: Final = {"populate_existing": True}
"""What is read under a lock is what counts, even when the session has read the row before."""


async def add(session: AsyncSession, proposal: Proposal) -> None:
    """Store a new proposal."""
    session.add(
        ProposalRow(id=proposal.id, author=proposal.author, submitted_at=proposal.submitted_at, **_now(proposal))
    )
    await session.flush()


async def save(session: AsyncSession, proposal: Proposal) -> None:
    """Store what became of a proposal. Its row is locked."""
    await session.execute(update(ProposalRow).where(col(ProposalRow.id) == proposal.id).values(**_now(proposal)))


async def add_screening(session: AsyncSession, proposal_id: ProposalId, decided: Screening) -> None:
    """Keep a decision beside the earlier ones."""
    row = ScreeningRow(
        proposal_id=proposal_id,
        decision=decided.decision,
        reason=decided.reason,
        note=decided.note,
        body=decided.body,
        acted_by=decided.acted_by,
        at=decided.at,
    )
    session.add(row)
    await session.flush()


async def found(session: AsyncSession, proposal_id: ProposalId) -> Proposal | None:
    """Read one proposal."""
    rows = await session.scalars(select(ProposalRow).where(col(ProposalRow.id) == proposal_id))
    return next(iter(await _whole(session, rows.all())), None)


async def locked(session: AsyncSession, ids: Collection[ProposalId]) -> Mapping[ProposalId, Proposal]:
    """Lock and read proposals, in one order for all transactions. Those that don't exist are left out."""
    asked = select(ProposalRow).where(col(ProposalRow.id).in_(ids)).order_by(col(ProposalRow.id))
    rows = await session.scalars(asked.with_for_update(key_share=True), execution_options=FRESH)
    return {proposal.id: proposal for proposal in await _whole(session, rows.all())}


async def page(session: AsyncSession, state: State | None, after: Cursor | None, limit: int) -> Sequence[Proposal]:
    """Read proposals, newest first, from the place where the last page ended."""
    time, key = col(ProposalRow.submitted_at), col(ProposalRow.id)
    asked: Select[ProposalRow] = select(ProposalRow).order_by(time.desc(), key.desc()).limit(limit)
    if state is not None:
        asked = asked.where(col(ProposalRow.state) == state)
    if after is not None:
        asked = asked.where(tuple_(time, key) < tuple_(literal(after[0]), literal(after[1])))
    return await _whole(session, (await session.scalars(asked)).all())


async def recent(session: AsyncSession, author: Person, since: datetime) -> int:
    """Count what a person handed in since a time. Others of the same person wait until this transaction ends."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(author, 0))))
    mine = (col(ProposalRow.author) == author) & (col(ProposalRow.submitted_at) > since)
    return (await session.execute(select(func.count()).where(mine))).scalar_one()


async def line(session: AsyncSession, proposal_id: ProposalId) -> tuple[ProposalId, ...]:
    """Follow a proposal through what it was merged into."""
    step = (
        select(col(ProposalRow.merged_into).label("id"))
        .where(col(ProposalRow.id) == proposal_id, col(ProposalRow.merged_into).is_not(None))
        .cte("line", recursive=True)
    )
    following = select(col(ProposalRow.merged_into)).join(step, col(ProposalRow.id) == step.c.id)
    whole = step.union(following.where(col(ProposalRow.merged_into).is_not(None)))
    return tuple((await session.scalars(select(whole.c.id))).all())


async def overdue(session: AsyncSession, at: datetime, most: int) -> Sequence[Proposal]:
    """Lock and read proposals whose due date has passed untold, leaving those another process works on."""
    asked = (
        select(ProposalRow)
        .where(col(ProposalRow.state) == State.SCREENING, col(ProposalRow.screening_due_at) <= at)
        .where(col(ProposalRow.overdue_told_for).is_distinct_from(col(ProposalRow.screening_due_at)))
        .order_by(col(ProposalRow.screening_due_at))
        .limit(most)
    )
    rows = await session.scalars(asked.with_for_update(key_share=True, skip_locked=True), execution_options=FRESH)
    return await _whole(session, rows.all())


async def note_told(session: AsyncSession, ids: Collection[ProposalId]) -> None:
    """Remember that these due dates have been told as passed."""
    told = {"overdue_told_for": col(ProposalRow.screening_due_at)}
    await session.execute(update(ProposalRow).where(col(ProposalRow.id).in_(ids)).values(told))


def _now(proposal: Proposal) -> dict[str, Any]:
    """What of a proposal can change."""
    return {
        "title": proposal.wording.title,
        "problem": proposal.wording.problem,
        "remedy": proposal.wording.remedy,
        "topic": proposal.wording.topic,
        "state": proposal.state,
        "screening_due_at": proposal.screening_due_at,
        "rule_version": proposal.rule.version,
        "rule_article": proposal.rule.article,
        "merged_into": proposal.merged_into,
        "supports": proposal.supports,
    }


async def _whole(session: AsyncSession, rows: Sequence[ProposalRow]) -> list[Proposal]:
    ids = [row.id for row in rows]
    screenings, tasks = await _screenings(session, ids), await _tasks(session, ids)
    return [_proposal(row, screenings.get(row.id, ()), tasks.get(row.id, ())) for row in rows]


async def _screenings(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, tuple[Screening, ...]]:
    """Read every decision on these proposals, oldest first."""
    asked = select(ScreeningRow).where(col(ScreeningRow.proposal_id).in_(ids)).order_by(col(ScreeningRow.id))
    screenings: dict[UUID, tuple[Screening, ...]] = {}
    for row in await session.scalars(asked):
        screenings[row.proposal_id] = (*screenings.get(row.proposal_id, ()), _screening(row))
    return screenings


async def _tasks(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, tuple[TaskId, ...]]:
    lineage = select(LineageRow).where(col(LineageRow.proposal_id).in_(ids)).order_by(col(LineageRow.task_id))
    tasks: dict[UUID, tuple[TaskId, ...]] = {}
    for row in await session.scalars(lineage):
        tasks[row.proposal_id] = (*tasks.get(row.proposal_id, ()), TaskId(row.task_id))
    return tasks


def _screening(row: ScreeningRow) -> Screening:
    return Screening(Move(row.decision), row.reason, row.note, row.body, ActedBy(row.acted_by), row.at)


def _proposal(row: ProposalRow, screenings: tuple[Screening, ...], tasks: Iterable[TaskId]) -> Proposal:
    return Proposal(
        id=ProposalId(row.id),
        author=Person(row.author),
        wording=Wording(row.title, row.problem, row.remedy, row.topic),
        state=State(row.state),
        submitted_at=row.submitted_at,
        screening_due_at=row.screening_due_at,
        rule=RuleUsed(version=row.rule_version, article=row.rule_article),
        screening=screenings[-1] if screenings else None,
        earlier_screenings=screenings[:-1],
        merged_into=ProposalId(row.merged_into) if row.merged_into else None,
        task_ids=tuple(tasks),
        supports=row.supports,
    )
