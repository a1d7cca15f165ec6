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
from proposal.papers.proposals import (
    ProposalPaper,
    ProposalView,
    ResubmissionPaper,
    ScreeningPaper,
    SupportView,
    WithdrawalPaper,
)
from proposal.store import proposals
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Db, Once, Page, PageOf, Place, refusing
from townhall.contracts.values import ProposalId

asks = APIRouter(tags=["proposals"])
Author = Annotated[Caller, allow(Role.CITIZEN, Role.AGENCY, Role.OFFICER)]
Citizen = Annotated[Caller, allow(Role.CITIZEN)]
Officer = Annotated[Caller, allow(Role.OFFICER)]


@asks.post("/proposals", status_code=201, responses=refusing(TooManyProposals))
async def post_proposal(paper: ProposalPaper, who: Author, once: Once) -> ProposalView:
    """Submit a proposal. Its screening is due by the rule in force."""

    async def submit(tx: Transaction) -> ProposalView:
        return ProposalView.of(await handlers.submit_proposal(tx, paper.wording(), who))

    submitted = await once(submit)
    metrics.SUBMISSIONS.labels(who.role).inc()
    return submitted


@asks.get("/proposals")
async def get_proposals(db: Db, page: Page, state: State | None = None) -> PageOf[ProposalView]:
    """List proposals, newest first."""
    async with db.reading() as session:
        found = await proposals.page(session, state, page.after, page.limit + 1)
    return page.of(found, _place, ProposalView.of)


@asks.get("/proposals/{proposal_id}")
async def get_proposal(proposal_id: UUID, db: Db) -> ProposalView:
    """Show a proposal with its last screening decision and its lineage."""
    async with db.reading() as session:
        found = await proposals.found(session, ProposalId(proposal_id))
    if found is None:
        raise NoSuchProposal
    return ProposalView.of(found)


@asks.post(
    "/proposals/{proposal_id}/resubmission",
    responses=refusing(NotYourProposal, MoveNotAllowed),
)
async def post_resubmission(proposal_id: UUID, paper: ResubmissionPaper, who: Author, once: Once) -> ProposalView:
    """Hand in the improved text of your returned proposal."""

    async def resubmit(tx: Transaction) -> ProposalView:
        return ProposalView.of(await handlers.resubmit_proposal(tx, ProposalId(proposal_id), paper.wording(), who))

    return await once(resubmit)


@asks.post(
    "/proposals/{proposal_id}/withdrawal",
    responses=refusing(NotYourProposal, MoveNotAllowed, PartOfTask),
)
async def post_withdrawal(proposal_id: UUID, _paper: WithdrawalPaper, who: Author, once: Once) -> ProposalView:
    """Take your proposal back before it becomes part of a task."""

    async def withdraw(tx: Transaction) -> ProposalView:
        return ProposalView.of(await handlers.withdraw_proposal(tx, ProposalId(proposal_id), who))

    return await once(withdraw)


@asks.put("/proposals/{proposal_id}/support", responses=refusing(NotOpenToSupport))
async def put_support(proposal_id: UUID, who: Citizen, db: Db) -> SupportView:
    """Support a proposal. Doing it again changes nothing."""
    async with db.transaction() as tx:
        supported = await handlers.support_proposal(tx, ProposalId(proposal_id), who)
    metrics.SUPPORTS.labels("given").inc()
    return SupportView(proposal_id=proposal_id, supported=True, supports=supported.supports)


@asks.delete("/proposals/{proposal_id}/support")
async def delete_support(proposal_id: UUID, who: Citizen, db: Db) -> SupportView:
    """Take your support back. Doing it again changes nothing."""
    async with db.transaction() as tx:
        left = await handlers.unsupport_proposal(tx, ProposalId(proposal_id), who)
    metrics.SUPPORTS.labels("taken-back").inc()
    return SupportView(proposal_id=proposal_id, supported=False, supports=left.supports)


@asks.post(
    "/proposals/{proposal_id}/screening",
    responses=refusing(
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
async def post_screening(proposal_id: UUID, paper: ScreeningPaper, who: Officer, once: Once) -> ProposalView:
    """Decide on a proposal of somebody else, with a reason of the decision's list."""

    async def screen(tx: Transaction) -> ProposalView:
        return ProposalView.of(await handlers.screen_proposal(tx, ProposalId(proposal_id), paper.verdict(), who))

    decided = await once(screen)
    metrics.SCREENINGS.labels(paper.decision).inc()
    return decided


def _place(proposal: Proposal) -> Place:
    return Place(proposal.submitted_at, proposal.id)
