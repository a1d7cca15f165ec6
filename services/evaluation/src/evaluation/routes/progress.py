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
from evaluation.schemas.initiatives import DelayRequest, DropRequest, InitiativeResponse, MilestoneRequest, NoteRequest
from evaluation.schemas.words import Nothing
from evaluation.store.initiatives import InitiativeDetails
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Idempotent, problem_responses
from townhall.contracts.values import InitiativeId, MilestoneId

router = APIRouter(prefix="/initiatives/{initiative_id}", tags=["initiatives"])
Agency = Annotated[Caller, allow(Role.AGENCY)]
Officer = Annotated[Caller, allow(Role.OFFICER)]
Act = Callable[[Transaction], Awaitable[InitiativeDetails]]


@router.post("/milestones", status_code=201, responses=problem_responses(NotUnderWay, MilestoneInThePast))
async def post_milestone(
    initiative_id: UUID, payload: MilestoneRequest, _who: Agency, idempotent: Idempotent
) -> InitiativeResponse:
    """Plan a milestone for a day to come, where the rule's clock stands."""
    of = InitiativeId(initiative_id)
    return await _done("plan", idempotent, lambda tx: initiatives.plan_milestone(tx, of, payload.title, payload.due_on))


@router.post("/milestones/{milestone_id}/reached", responses=problem_responses(NotUnderWay, MilestoneAlreadyReached))
async def post_reached(
    initiative_id: UUID, milestone_id: UUID, payload: NoteRequest, _who: Agency, idempotent: Idempotent
) -> InitiativeResponse:
    """Report a milestone as reached."""
    of, step = InitiativeId(initiative_id), MilestoneId(milestone_id)
    return await _done("reach", idempotent, lambda tx: initiatives.reach_milestone(tx, of, step, payload.note))


@router.post("/start", responses=problem_responses(MoveNotAllowed))
async def post_start(
    initiative_id: UUID, _who: Agency, idempotent: Idempotent, _payload: Nothing = None
) -> InitiativeResponse:
    """Report that work has begun."""
    return await _done("start", idempotent, lambda tx: initiatives.start(tx, InitiativeId(initiative_id)))


@router.post("/delays", status_code=201, responses=problem_responses(MoveNotAllowed, NewDateNotLater, UnknownReason))
async def post_delay(
    initiative_id: UUID, payload: DelayRequest, _who: Agency, idempotent: Idempotent
) -> InitiativeResponse:
    """Move the due date, with the reason. Every delay stays public."""
    of = InitiativeId(initiative_id)
    return await _done(
        "delay", idempotent, lambda tx: initiatives.delay(tx, of, payload.reason, payload.note, payload.due_on)
    )


@router.post("/completion", responses=problem_responses(MoveNotAllowed))
async def post_completion(
    initiative_id: UUID, payload: NoteRequest, _who: Agency, idempotent: Idempotent
) -> InitiativeResponse:
    """Report the initiative as done."""
    return await _done(
        "complete", idempotent, lambda tx: initiatives.complete(tx, InitiativeId(initiative_id), payload.note)
    )


@router.post("/drop", responses=problem_responses(MoveNotAllowed, UnknownReason))
async def post_drop(
    initiative_id: UUID, payload: DropRequest, _who: Agency, idempotent: Idempotent
) -> InitiativeResponse:
    """Give the initiative up, with the reason."""
    of = InitiativeId(initiative_id)
    return await _done("drop", idempotent, lambda tx: initiatives.drop(tx, of, payload.reason, payload.note))


@router.post("/verification", responses=problem_responses(MoveNotAllowed))
async def post_verification(
    initiative_id: UUID, payload: NoteRequest, _who: Officer, idempotent: Idempotent
) -> InitiativeResponse:
    """Confirm that what was reported, done or dropped, is true."""
    return await _done(
        "verify", idempotent, lambda tx: initiatives.verify(tx, InitiativeId(initiative_id), payload.note)
    )


async def _done(move: str, idempotent: Idempotent, act: Act) -> InitiativeResponse:
    async def view(tx: Transaction) -> InitiativeResponse:
        return InitiativeResponse.of(await act(tx))

    shown = await idempotent(view)
    metrics.MOVES.labels(move).inc()
    return shown
