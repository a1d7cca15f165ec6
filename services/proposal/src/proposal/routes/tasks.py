"""Selecting and referring tasks, and reading their timelines."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from proposal import handlers, metrics
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
from proposal.schemas.tasks import (
    ReferralRequest,
    TaskLine,
    TaskRequest,
    TaskResponse,
)
from proposal.store import facts, tasks
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
async def post_task(payload: TaskRequest, _who: Officer, idempotent: Idempotent) -> TaskResponse:
    """Put a task to the vote, with the reason published."""

    async def select(tx: Transaction) -> TaskResponse:
        return TaskResponse.with_timeline(await handlers.select_task(tx, payload.draft()), TaskState.SELECTED, ())

    selected = await idempotent(select)
    metrics.SELECTIONS.labels(payload.origin).inc()
    return selected


@router.get("/tasks")
async def get_tasks(db: Db, page: Page, state: TaskState | None = None) -> PageOf[TaskLine]:
    """List tasks, newest first. A state is the furthest step heard of, from whichever service."""
    async with db.reading() as session:
        found = await tasks.page(session, state, page.after, page.limit + 1)
    return page.of(found, _cursor, lambda each: TaskLine.of(each.task, each.received))


@router.get("/tasks/{task_id}")
async def get_task(task_id: UUID, db: Db) -> TaskResponse:
    """Show a task with its timeline: what all four services announced about it, oldest first."""
    async with db.reading() as session:
        found = await tasks.found(session, TaskId(task_id))
        received = await facts.of_task(session, TaskId(task_id))
    if found is None:
        raise NoSuchTask
    return TaskResponse.with_timeline(found.task, found.received, received)


@router.post(
    "/tasks/{task_id}/referral",
    responses=problem_responses(UnknownReason, AlreadyReferred, ThresholdAlreadyReached, VoteStillOn),
)
async def post_referral(task_id: UUID, payload: ReferralRequest, _who: Officer, idempotent: Idempotent) -> TaskResponse:
    """Bring a task to the Committee without the threshold, once, with the reason published."""

    async def refer(tx: Transaction) -> TaskResponse:
        referred = await handlers.refer_task(tx, TaskId(task_id), payload.reason, payload.note)
        task_record = await tasks.found(tx.session, referred.id)
        received = task_record.received if task_record else TaskState.SELECTED
        return TaskResponse.with_timeline(referred, received, await facts.of_task(tx.session, referred.id))

    referred = await idempotent(refer)
    metrics.REFERRALS.inc()
    return referred


def _cursor(task_record: TaskRecord) -> Cursor:
    return Cursor(task_record.task.selected_at, task_record.task.id)
