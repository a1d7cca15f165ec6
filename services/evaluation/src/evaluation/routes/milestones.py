"""Routes of milestones, for the responsible body."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from evaluation.domain.milestone import MilestoneAlreadyReached, MilestoneInThePast, NotUnderWay
from evaluation.handlers import milestones as handlers
from evaluation.schemas.initiatives import InitiativeResponse, NoteRequest
from evaluation.schemas.milestones import MilestoneRequest
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Idempotent, problem_responses
from townhall.contracts.values import InitiativeId, MilestoneId

router = APIRouter(tags=["initiatives"])
Agency = Annotated[Caller, allow(Role.AGENCY)]


@router.post(
    "/initiatives/{initiative_id}/milestones",
    status_code=201,
    responses=problem_responses(NotUnderWay, MilestoneInThePast),
)
async def post_milestone(
    initiative_id: UUID, payload: MilestoneRequest, _caller: Agency, idempotent: Idempotent
) -> InitiativeResponse:
    """Plan a milestone, due today or later in the rule's time zone."""

    async def plan(tx: Transaction) -> InitiativeResponse:
        of = InitiativeId(initiative_id)
        return InitiativeResponse.of(await handlers.plan_milestone(tx, of, payload.title, payload.due_on))

    return await idempotent(plan)


@router.post(
    "/initiatives/{initiative_id}/milestones/{milestone_id}/reached",
    responses=problem_responses(NotUnderWay, MilestoneAlreadyReached),
)
async def post_reached(
    initiative_id: UUID, milestone_id: UUID, payload: NoteRequest, _caller: Agency, idempotent: Idempotent
) -> InitiativeResponse:
    """Report a milestone as reached."""

    async def reach(tx: Transaction) -> InitiativeResponse:
        of, milestone = InitiativeId(initiative_id), MilestoneId(milestone_id)
        return InitiativeResponse.of(await handlers.reach_milestone(tx, of, milestone, payload.note))

    return await idempotent(reach)
