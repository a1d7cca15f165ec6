"""Screening proposals."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from proposal.domain.lifecycle import MoveNotAllowed
from proposal.domain.merging import MergeIntoEnded, MergeIntoItself, MergeIntoUnknown, MergeWouldCircle
from proposal.domain.reasons import UnknownReason
from proposal.domain.screening import DetailsDoNotFit, OwnProposal
from proposal.handlers.screenings import screen_proposal
from proposal.schemas.proposals import ProposalResponse
from proposal.schemas.screenings import ScreeningRequest
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Idempotent, problem_responses
from townhall.contracts.values import ProposalId

router = APIRouter(tags=["proposals"])
Officer = Annotated[Caller, allow(Role.OFFICER)]


@router.post(
    "/proposals/{proposal_id}/screening",
    responses=problem_responses(
        OwnProposal,
        UnknownReason,
        DetailsDoNotFit,
        MoveNotAllowed,
        MergeIntoUnknown,
        MergeIntoItself,
        MergeWouldCircle,
        MergeIntoEnded,
    ),
)
async def post_screening(
    proposal_id: UUID, payload: ScreeningRequest, caller: Officer, idempotent: Idempotent
) -> ProposalResponse:
    """Decide on a proposal of another person, with a reason of the decision's list."""

    async def screen(tx: Transaction) -> ProposalResponse:
        return ProposalResponse.of(await screen_proposal(tx, ProposalId(proposal_id), payload.verdict(), caller))

    return await idempotent(screen)
