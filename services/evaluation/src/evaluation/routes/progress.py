"""What the responsible body reports of an initiative, and what the Support Unit verifies."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from evaluation import metrics
from evaluation.domain.delivery import MilestoneAlreadyReached, MilestoneInThePast, NewDateNotLater, NotUnderWay
from evaluation.domain.initiative import MoveNotAllowed
from evaluation.domain.reasons import UnknownReason
from evaluation.handlers import initiatives
from evaluation.papers.initiatives import DelayPaper, DropPaper, InitiativeView, MilestonePaper, NotePaper
from evaluation.papers.words import Nothing
from evaluation.store.initiatives import Standing
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Once, refusing
from townhall.contracts.values import InitiativeId, MilestoneId

asks = APIRouter(prefix="/initiatives/{initiative_id}", tags=["initiatives"])
Agency = Annotated[Caller, allow(Role.AGENCY)]
Officer = Annotated[Caller, allow(Role.OFFICER)]
Act = Callable[[Transaction], Awaitable[Standing]]


@asks.post("/milestones", status_code=201, responses=refusing(NotUnderWay, MilestoneInThePast))
async def post_milestone(initiative_id: UUID, paper: MilestonePaper, _who: Agency, once: Once) -> InitiativeView:
    """Plan a milestone for a day to come, where the rule's clock stands."""
    of = InitiativeId(initiative_id)
    return await _done("plan", once, lambda tx: initiatives.plan_milestone(tx, of, paper.title, paper.due_on))


@asks.post("/milestones/{milestone_id}/reached", responses=refusing(NotUnderWay, MilestoneAlreadyReached))
async def post_reached(
    initiative_id: UUID, milestone_id: UUID, paper: NotePaper, _who: Agency, once: Once
) -> InitiativeView:
    """Report a milestone as reached."""
    of, step = InitiativeId(initiative_id), MilestoneId(milestone_id)
    return await _done("reach", once, lambda tx: initiatives.reach_milestone(tx, of, step, paper.note))


@asks.post("/start", responses=refusing(MoveNotAllowed))
async def post_start(initiative_id: UUID, _who: Agency, once: Once, _paper: Nothing = None) -> InitiativeView:
    """Report that work has begun."""
    return await _done("start", once, lambda tx: initiatives.start(tx, InitiativeId(initiative_id)))


@asks.post("/delays", status_code=201, responses=refusing(MoveNotAllowed, NewDateNotLater, UnknownReason))
async def post_delay(initiative_id: UUID, paper: DelayPaper, _who: Agency, once: Once) -> InitiativeView:
    """Move the due date, with the reason. Every delay stays public."""
    of = InitiativeId(initiative_id)
    return await _done("delay", once, lambda tx: initiatives.delay(tx, of, paper.reason, paper.note, paper.due_on))


@asks.post("/completion", responses=refusing(MoveNotAllowed))
async def post_completion(initiative_id: UUID, paper: NotePaper, _who: Agency, once: Once) -> InitiativeView:
    """Report the initiative as done."""
    return await _done("complete", once, lambda tx: initiatives.complete(tx, InitiativeId(initiative_id), paper.note))


@asks.post("/drop", responses=refusing(MoveNotAllowed, UnknownReason))
async def post_drop(initiative_id: UUID, paper: DropPaper, _who: Agency, once: Once) -> InitiativeView:
    """Give the initiative up, with the reason."""
    of = InitiativeId(initiative_id)
    return await _done("drop", once, lambda tx: initiatives.drop(tx, of, paper.reason, paper.note))


@asks.post("/verification", responses=refusing(MoveNotAllowed))
async def post_verification(initiative_id: UUID, paper: NotePaper, _who: Officer, once: Once) -> InitiativeView:
    """Confirm that what was reported, done or dropped, is true."""
    return await _done("verify", once, lambda tx: initiatives.verify(tx, InitiativeId(initiative_id), paper.note))


async def _done(move: str, once: Once, act: Act) -> InitiativeView:
    async def view(tx: Transaction) -> InitiativeView:
        return InitiativeView.of(await act(tx))

    shown = await once(view)
    metrics.MOVES.labels(move).inc()
    return shown
