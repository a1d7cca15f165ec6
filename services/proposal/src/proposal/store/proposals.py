"""Proposals with their decisions and the tasks they became part of."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Select, func, literal, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from proposal.domain.lifecycle import Person, Proposal, Screening, State, Wording
from proposal.store import screenings
from proposal.store.tables import LineageRow, ProposalRow
from townhall.chassis.http import Cursor
from townhall.contracts.values import ProposalId, RuleUsed, TaskId

FRESH: Final = {"populate_existing": True}
"""Execution options of a locking read: replace rows that the session read before the lock."""


async def add(session: AsyncSession, proposal: Proposal) -> None:
    """Store a new proposal."""
    session.add(_row(proposal))
    await session.flush()


async def save(session: AsyncSession, proposal: Proposal) -> None:
    """Store the changes to a proposal. The caller holds its row lock."""
    columns = _row(proposal).model_dump(exclude={"id", "overdue_announced_for"})
    await session.execute(update(ProposalRow).where(col(ProposalRow.id) == proposal.id).values(columns))


async def get(session: AsyncSession, proposal_id: ProposalId) -> Proposal | None:
    """Return one proposal, or None."""
    rows = await session.scalars(select(ProposalRow).where(col(ProposalRow.id) == proposal_id))
    return next(iter(await _values(session, rows.all())), None)


async def get_for_update(session: AsyncSession, ids: Collection[ProposalId]) -> Mapping[ProposalId, Proposal]:
    """Lock and return proposals. Unknown ids have no entry.

    Every transaction locks in the order of the ids, so that two of them can't deadlock.
    """
    query = select(ProposalRow).where(col(ProposalRow.id).in_(ids)).order_by(col(ProposalRow.id))
    rows = await session.scalars(query.with_for_update(key_share=True), execution_options=FRESH)
    return {proposal.id: proposal for proposal in await _values(session, rows.all())}


async def page(session: AsyncSession, state: State | None, after: Cursor | None, limit: int) -> Sequence[Proposal]:
    """Return up to `limit + 1` proposals after the cursor, newest first, in this state if one is given."""
    time, key = col(ProposalRow.submitted_at), col(ProposalRow.id)
    query: Select[ProposalRow] = select(ProposalRow).order_by(time.desc(), key.desc()).limit(limit + 1)
    if state is not None:
        query = query.where(col(ProposalRow.state) == state)
    if after is not None:
        query = query.where(tuple_(time, key) < tuple_(literal(after.at), literal(after.id)))
    return await _values(session, (await session.scalars(query)).all())


async def count_submitted(session: AsyncSession, author: Person, since: datetime) -> int:
    """Return how many proposals a person submitted after a time.

    Takes an advisory lock on the author until the end of the transaction, so that the count can't change before (P2).
    """
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(author, 0))))
    mine = (col(ProposalRow.author) == author) & (col(ProposalRow.submitted_at) > since)
    return (await session.execute(select(func.count()).where(mine))).scalar_one()


async def merge_chain(session: AsyncSession, proposal_id: ProposalId) -> tuple[ProposalId, ...]:
    """Return the ids of the proposals this one was merged into, directly and through others, nearest first."""
    chain = (
        select(col(ProposalRow.merged_into).label("id"))
        .where(col(ProposalRow.id) == proposal_id, col(ProposalRow.merged_into).is_not(None))
        .cte("merge_chain", recursive=True)
    )
    following = select(col(ProposalRow.merged_into)).join(chain, col(ProposalRow.id) == chain.c.id)
    whole = chain.union(following.where(col(ProposalRow.merged_into).is_not(None)))
    return tuple((await session.scalars(select(whole.c.id))).all())


async def _values(session: AsyncSession, rows: Sequence[ProposalRow]) -> list[Proposal]:
    ids = [row.id for row in rows]
    decisions, tasks = await screenings.by_proposal(session, ids), await _task_ids(session, ids)
    return [_value(row, decisions.get(row.id, ()), tasks.get(row.id, ())) for row in rows]


async def _task_ids(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, tuple[TaskId, ...]]:
    query = select(LineageRow).where(col(LineageRow.proposal_id).in_(ids)).order_by(col(LineageRow.task_id))
    tasks: dict[UUID, tuple[TaskId, ...]] = {}
    for row in await session.scalars(query):
        tasks[row.proposal_id] = (*tasks.get(row.proposal_id, ()), TaskId(row.task_id))
    return tasks


def _row(proposal: Proposal) -> ProposalRow:
    return ProposalRow(
        id=proposal.id,
        author=proposal.author,
        title=proposal.wording.title,
        problem=proposal.wording.problem,
        remedy=proposal.wording.remedy,
        topic=proposal.wording.topic,
        state=proposal.state,
        submitted_at=proposal.submitted_at,
        screening_due_at=proposal.screening_due_at,
        rule_version=proposal.rule.version,
        rule_article=proposal.rule.article,
        merged_into=proposal.merged_into,
        supports=proposal.supports,
    )


def _value(row: ProposalRow, decisions: tuple[Screening, ...], tasks: tuple[TaskId, ...]) -> Proposal:
    return Proposal(
        id=ProposalId(row.id),
        author=Person(row.author),
        wording=Wording(row.title, row.problem, row.remedy, row.topic),
        state=State(row.state),
        submitted_at=row.submitted_at,
        screening_due_at=row.screening_due_at,
        rule=RuleUsed(version=row.rule_version, article=row.rule_article),
        screening=decisions[-1] if decisions else None,
        earlier_screenings=decisions[:-1],
        merged_into=ProposalId(row.merged_into) if row.merged_into else None,
        task_ids=tasks,
        supports=row.supports,
    )
