"""Supporting proposals."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from proposal.domain.support import NotOpenToSupport
from proposal.handlers.supports import add_support, withdraw_support
from proposal.schemas.supports import SupportResponse
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.http import Db, problem_responses
from townhall.contracts.values import ProposalId

router = APIRouter(tags=["proposals"])
Citizen = Annotated[Caller, allow(Role.CITIZEN)]


@router.put("/proposals/{proposal_id}/support", responses=problem_responses(NotOpenToSupport))
async def put_support(proposal_id: UUID, caller: Citizen, db: Db) -> SupportResponse:
    """Support a proposal. Repeating the request changes nothing."""
    async with db.transaction() as tx:
        proposal = await add_support(tx, ProposalId(proposal_id), caller)
    return SupportResponse(proposal_id=proposal_id, supported=True, supports=proposal.supports)


@router.delete("/proposals/{proposal_id}/support")
async def delete_support(proposal_id: UUID, caller: Citizen, db: Db) -> SupportResponse:
    """Withdraw your support. Repeating the request changes nothing."""
    async with db.transaction() as tx:
        proposal = await withdraw_support(tx, ProposalId(proposal_id), caller)
    return SupportResponse(proposal_id=proposal_id, supported=False, supports=proposal.supports)
