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
from proposal.papers.tasks import (
    ReferralPaper,
    TaskLine,
    TaskPaper,
    TaskView,
)
from proposal.store import facts, tasks
from proposal.store.tasks import Standing
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Db, Once, Page, PageOf, Place, refusing
from townhall.contracts.values import TaskId

asks = APIRouter(tags=["tasks"])
Officer = Annotated[Caller, allow(Role.OFFICER)]


@asks.post(
    "/tasks",
    status_code=201,
    responses=refusing(
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
async def post_task(paper: TaskPaper, _who: Officer, once: Once) -> TaskView:
    """Put a task to the vote, with the reason published."""

    async def select(tx: Transaction) -> TaskView:
        return TaskView.with_timeline(await handlers.select_task(tx, paper.draft()), TaskState.SELECTED, ())

    selected = await once(select)
    metrics.SELECTIONS.labels(paper.origin).inc()
    return selected


@asks.get("/tasks")
async def get_tasks(db: Db, page: Page, state: TaskState | None = None) -> PageOf[TaskLine]:
    """List tasks, newest first. A state is the furthest step heard of, from whichever service."""
    async with db.reading() as session:
        found = await tasks.page(session, state, page.after, page.limit + 1)
    return page.of(found, _place, lambda each: TaskLine.of(each.task, each.heard))


@asks.get("/tasks/{task_id}")
async def get_task(task_id: UUID, db: Db) -> TaskView:
    """Show a task with its timeline: what all four services announced about it, oldest first."""
    async with db.reading() as session:
        found = await tasks.found(session, TaskId(task_id))
        heard = await facts.of_task(session, TaskId(task_id))
    if found is None:
        raise NoSuchTask
    return TaskView.with_timeline(found.task, found.heard, heard)


@asks.post(
    "/tasks/{task_id}/referral",
    responses=refusing(UnknownReason, AlreadyReferred, ThresholdAlreadyReached, VoteStillOn),
)
async def post_referral(task_id: UUID, paper: ReferralPaper, _who: Officer, once: Once) -> TaskView:
    """Bring a task to the Committee without the threshold, once, with the reason published."""

    async def refer(tx: Transaction) -> TaskView:
        referred = await handlers.refer_task(tx, TaskId(task_id), paper.reason, paper.note)
        standing = await tasks.found(tx.session, referred.id)
        heard = standing.heard if standing else TaskState.SELECTED
        return TaskView.with_timeline(referred, heard, await facts.of_task(tx.session, referred.id))

    referred = await once(refer)
    metrics.REFERRALS.inc()
    return referred


def _place(standing: Standing) -> Place:
    return Place(standing.task.selected_at, standing.task.id)
