"""Selecting and referring tasks, and reading them with their timelines."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from proposal.domain.reasons import UnknownReason
from proposal.domain.referral import AlreadyReferred, ThresholdAlreadyReached, VoteStillOn
from proposal.domain.selection import (
    ClosesBeforeOpening,
    LastsTooLong,
    LineageDoesNotFit,
    NoSuchTask,
    OpensInThePast,
    OpensTooLate,
    ProposalNotAdmitted,
    ProposalUnknown,
)
from proposal.domain.timeline import TaskState
from proposal.handlers.tasks import refer_task, select_task
from proposal.schemas.tasks import ReferralRequest, TaskRequest, TaskResponse, TaskSummaryResponse
from proposal.store import tasks, timeline
from proposal.store.tasks import TaskRecord
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Cursor, Db, Idempotent, Page, PageOf, problem_responses
from townhall.contracts.values import TaskId

router = APIRouter(tags=["tasks"])
Officer = Annotated[Caller, allow(Role.OFFICER)]


@router.post(
    "/tasks",
    status_code=201,
    responses=problem_responses(
        UnknownReason,
        LineageDoesNotFit,
        ProposalUnknown,
        ProposalNotAdmitted,
        OpensInThePast,
        OpensTooLate,
        ClosesBeforeOpening,
        LastsTooLong,
    ),
)
async def post_task(payload: TaskRequest, _caller: Officer, idempotent: Idempotent) -> TaskResponse:
    """Put a task to the vote, with a public reason."""

    async def select(tx: Transaction) -> TaskResponse:
        return TaskResponse.with_timeline(await select_task(tx, payload.draft()), TaskState.SELECTED, ())

    return await idempotent(select)


@router.get("/tasks")
async def get_tasks(db: Db, page: Page, state: TaskState | None = None) -> PageOf[TaskSummaryResponse]:
    """List tasks, newest first. A task's state is the furthest one shown by the events of all four services."""
    async with db.reading() as session:
        found = await tasks.page(session, state, page.after, page.limit)
    return page.of(found, _cursor, lambda each: TaskSummaryResponse.of(each.task, each.state))


@router.get("/tasks/{task_id}")
async def get_task(task_id: UUID, db: Db) -> TaskResponse:
    """Return a task with its timeline: the events of all four services about it, oldest first."""
    async with db.reading() as session:
        found = await tasks.get(session, TaskId(task_id))
        facts = await timeline.facts_of(session, TaskId(task_id))
    if found is None:
        raise NoSuchTask
    return TaskResponse.with_timeline(found.task, found.state, facts)


@router.post(
    "/tasks/{task_id}/referral",
    responses=problem_responses(UnknownReason, AlreadyReferred, ThresholdAlreadyReached, VoteStillOn),
)
async def post_referral(
    task_id: UUID, payload: ReferralRequest, _caller: Officer, idempotent: Idempotent
) -> TaskResponse:
    """Refer a task to the Committee without the threshold, once, with a public reason."""

    async def refer(tx: Transaction) -> TaskResponse:
        referred = await refer_task(tx, TaskId(task_id), payload.reason, payload.note)
        record = await tasks.get(tx.session, referred.id)
        state = record.state if record else TaskState.SELECTED
        return TaskResponse.with_timeline(referred, state, await timeline.facts_of(tx.session, referred.id))

    return await idempotent(refer)


def _cursor(record: TaskRecord) -> Cursor:
    return Cursor(record.task.selected_at, record.task.id)
