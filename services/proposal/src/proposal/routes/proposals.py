"""Submitting, reading, resubmitting and withdrawing proposals."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from proposal.domain.lifecycle import MoveNotAllowed, NoSuchProposal, NotYourProposal, Proposal, State
from proposal.domain.submission import PartOfTask, TooManyProposals
from proposal.handlers.proposals import resubmit_proposal, submit_proposal, withdraw_proposal
from proposal.schemas.proposals import ProposalRequest, ProposalResponse, ResubmissionRequest, WithdrawalRequest
from proposal.store import proposals
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Cursor, Db, Idempotent, Page, PageOf, problem_responses
from townhall.contracts.values import ProposalId

router = APIRouter(tags=["proposals"])
Author = Annotated[Caller, allow(Role.CITIZEN, Role.AGENCY, Role.OFFICER)]


@router.post("/proposals", status_code=201, responses=problem_responses(TooManyProposals))
async def post_proposal(payload: ProposalRequest, caller: Author, idempotent: Idempotent) -> ProposalResponse:
    """Submit a proposal. The rule in force sets when its screening is due."""

    async def submit(tx: Transaction) -> ProposalResponse:
        return ProposalResponse.of(await submit_proposal(tx, payload.wording(), caller))

    return await idempotent(submit)


@router.get("/proposals")
async def get_proposals(db: Db, page: Page, state: State | None = None) -> PageOf[ProposalResponse]:
    """List proposals, newest first."""
    async with db.reading() as session:
        found = await proposals.page(session, state, page.after, page.limit)
    return page.of(found, _cursor, ProposalResponse.of)


@router.get("/proposals/{proposal_id}")
async def get_proposal(proposal_id: UUID, db: Db) -> ProposalResponse:
    """Return a proposal with its screening decisions, what it was merged into, and its tasks."""
    async with db.reading() as session:
        found = await proposals.get(session, ProposalId(proposal_id))
    if found is None:
        raise NoSuchProposal
    return ProposalResponse.of(found)


@router.post(
    "/proposals/{proposal_id}/resubmission",
    responses=problem_responses(NotYourProposal, MoveNotAllowed),
)
async def post_resubmission(
    proposal_id: UUID, payload: ResubmissionRequest, caller: Author, idempotent: Idempotent
) -> ProposalResponse:
    """Submit the revised text of your proposal after a revision was requested."""

    async def resubmit(tx: Transaction) -> ProposalResponse:
        return ProposalResponse.of(await resubmit_proposal(tx, ProposalId(proposal_id), payload.wording(), caller))

    return await idempotent(resubmit)


@router.post(
    "/proposals/{proposal_id}/withdrawal",
    responses=problem_responses(NotYourProposal, MoveNotAllowed, PartOfTask),
)
async def post_withdrawal(
    proposal_id: UUID, _payload: WithdrawalRequest, caller: Author, idempotent: Idempotent
) -> ProposalResponse:
    """Withdraw your proposal before it becomes part of a task."""

    async def withdraw(tx: Transaction) -> ProposalResponse:
        return ProposalResponse.of(await withdraw_proposal(tx, ProposalId(proposal_id), caller))

    return await idempotent(withdraw)


def _cursor(proposal: Proposal) -> Cursor:
    return Cursor(proposal.submitted_at, proposal.id)
