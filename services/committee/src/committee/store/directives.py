"""Directives."""

from collections.abc import Sequence

from sqlalchemy import Select, literal, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from committee.domain.meeting import Directive, Mandate
from committee.store.meeting_tables import DirectiveRow
from townhall.chassis.http import Cursor
from townhall.contracts.values import CaseId, DirectiveId, Outcome, TaskId


async def add(session: AsyncSession, directive: Directive) -> None:
    """Store a directive. A second one of a case violates `c15_one_directive_per_case`."""
    await session.execute(insert(DirectiveRow).values(_row(directive).model_dump()))


async def get(session: AsyncSession, directive_id: DirectiveId) -> Directive | None:
    """Return one directive, or None."""
    row = (await session.scalars(select(DirectiveRow).where(col(DirectiveRow.directive_id) == directive_id))).first()
    return _value(row) if row else None


async def page(session: AsyncSession, after: Cursor | None, limit: int) -> Sequence[Directive]:
    """Return up to `limit + 1` directives after the cursor, newest first."""
    time, key = col(DirectiveRow.issued_at), col(DirectiveRow.directive_id)
    query: Select[DirectiveRow] = select(DirectiveRow).order_by(time.desc(), key.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(tuple_(time, key) < tuple_(literal(after.at), literal(after.id)))
    return [_value(row) for row in await session.scalars(query)]


def _row(directive: Directive) -> DirectiveRow:
    return DirectiveRow(
        directive_id=directive.directive_id,
        case_id=directive.case_id,
        task_id=directive.task_id,
        title=directive.title,
        responsible_body=directive.mandate.responsible_body,
        instruction=directive.mandate.instruction,
        due_on=directive.mandate.due_on,
        outcome=directive.outcome,
        issued_at=directive.issued_at,
    )


def _value(row: DirectiveRow) -> Directive:
    return Directive(
        directive_id=DirectiveId(row.directive_id),
        case_id=CaseId(row.case_id),
        task_id=TaskId(row.task_id),
        title=row.title,
        mandate=Mandate(row.responsible_body, row.instruction, row.due_on),
        outcome=Outcome(row.outcome),
        issued_at=row.issued_at,
    )
