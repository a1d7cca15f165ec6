"""Submitting, supporting and screening proposals."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from proposal import handlers, metrics
from proposal.domain.lifecycle import MoveNotAllowed, NoSuchProposal, NotYourProposal, Proposal, State
from proposal.domain.merging import MergeIntoEnded, MergeIntoItself, MergeIntoUnknown, MergeWouldCircle
from proposal.domain.reasons import UnknownReason
from proposal.domain.screening import DetailsDoNotFit, OwnProposal
from proposal.domain.submission import PartOfTask, TooManyProposals
from proposal.domain.support import NotOpenToSupport
from proposal.schemas.proposals import (
    ProposalRequest,
    ProposalResponse,
    ResubmissionRequest,
    ScreeningRequest,
    SupportResponse,
    WithdrawalRequest,
)
from proposal.store import proposals
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Cursor, Db, Idempotent, Page, PageOf, problem_responses
from townhall.contracts.values import ProposalId

router = APIRouter(tags=["proposals"])
Author = Annotated[Caller, allow(Role.CITIZEN, Role.AGENCY, Role.OFFICER)]
Citizen = Annotated[Caller, allow(Role.CITIZEN)]
Officer = Annotated[Caller, allow(Role.OFFICER)]


@router.post("/proposals", status_code=201, responses=problem_responses(TooManyProposals))
async def post_proposal(payload: ProposalRequest, who: Author, idempotent: Idempotent) -> ProposalResponse:
    """Submit a proposal. Its screening is due by the rule in force."""

    async def submit(tx: Transaction) -> ProposalResponse:
        return ProposalResponse.of(await handlers.submit_proposal(tx, payload.wording(), who))

    submitted = await idempotent(submit)
    metrics.SUBMISSIONS.labels(who.role).inc()
    return submitted


@router.get("/proposals")
async def get_proposals(db: Db, page: Page, state: State | None = None) -> PageOf[ProposalResponse]:
    """List proposals, newest first."""
    async with db.reading() as session:
        found = await proposals.page(session, state, page.after, page.limit + 1)
    return page.of(found, _cursor, ProposalResponse.of)


@router.get("/proposals/{proposal_id}")
async def get_proposal(proposal_id: UUID, db: Db) -> ProposalResponse:
    """Show a proposal with its last screening decision and its lineage."""
    async with db.reading() as session:
        found = await proposals.found(session, ProposalId(proposal_id))
    if found is None:
        raise NoSuchProposal
    return ProposalResponse.of(found)


@router.post(
    "/proposals/{proposal_id}/resubmission",
    responses=problem_responses(NotYourProposal, MoveNotAllowed),
)
async def post_resubmission(
    proposal_id: UUID, payload: ResubmissionRequest, who: Author, idempotent: Idempotent
) -> ProposalResponse:
    """Hand in the improved text of your returned proposal."""

    async def resubmit(tx: Transaction) -> ProposalResponse:
        return ProposalResponse.of(
            await handlers.resubmit_proposal(tx, ProposalId(proposal_id), payload.wording(), who)
        )

    return await idempotent(resubmit)


@router.post(
    "/proposals/{proposal_id}/withdrawal",
    responses=problem_responses(NotYourProposal, MoveNotAllowed, PartOfTask),
)
async def post_withdrawal(
    proposal_id: UUID, _payload: WithdrawalRequest, who: Author, idempotent: Idempotent
) -> ProposalResponse:
    """Take your proposal back before it becomes part of a task."""

    async def withdraw(tx: Transaction) -> ProposalResponse:
        return ProposalResponse.of(await handlers.withdraw_proposal(tx, ProposalId(proposal_id), who))

    return await idempotent(withdraw)


@router.put("/proposals/{proposal_id}/support", responses=problem_responses(NotOpenToSupport))
async def put_support(proposal_id: UUID, who: Citizen, db: Db) -> SupportResponse:
    """Support a proposal. Doing it again changes nothing."""
    async with db.transaction() as tx:
        supported = await handlers.support_proposal(tx, ProposalId(proposal_id), who)
    metrics.SUPPORTS.labels("given").inc()
    return SupportResponse(proposal_id=proposal_id, supported=True, supports=supported.supports)


@router.delete("/proposals/{proposal_id}/support")
async def delete_support(proposal_id: UUID, who: Citizen, db: Db) -> SupportResponse:
    """Take your support back. Doing it again changes nothing."""
    async with db.transaction() as tx:
        left = await handlers.unsupport_proposal(tx, ProposalId(proposal_id), who)
    metrics.SUPPORTS.labels("taken-back").inc()
    return SupportResponse(proposal_id=proposal_id, supported=False, supports=left.supports)


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
    proposal_id: UUID, payload: ScreeningRequest, who: Officer, idempotent: Idempotent
) -> ProposalResponse:
    """Decide on a proposal of somebody else, with a reason of the decision's list."""

    async def screen(tx: Transaction) -> ProposalResponse:
        return ProposalResponse.of(await handlers.screen_proposal(tx, ProposalId(proposal_id), payload.verdict(), who))

    decided = await idempotent(screen)
    metrics.SCREENINGS.labels(payload.decision).inc()
    return decided


def _cursor(proposal: Proposal) -> Cursor:
    return Cursor(proposal.submitted_at, proposal.id)
