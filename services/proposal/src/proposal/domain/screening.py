"""Screening: the Support Unit admits, refuses, returns, reroutes or merges a proposal, with a public reason."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from proposal.domain import reasons
from proposal.domain.lifecycle import Move, Person, Proposal, Screening, after
from proposal.domain.merging import Target, require_target
from townhall.contracts.values import ActedBy, ProposalId
from townhall.rejected import Rejected

REASONS: Final[Mapping[Move, Mapping[str, str]]] = {
    Move.ADMIT: reasons.ADMISSION,
    Move.REJECT: reasons.REJECTION,
    Move.REQUEST_REVISION: reasons.REVISION,
    Move.TRANSFER: reasons.TRANSFER,
    Move.MERGE: reasons.MERGING,
}
"""P5: the decisions of screening, and what may be given as the reason of each."""


class OwnProposal(Rejected):
    """Nobody judges what they wrote."""

    code = "own-proposal"
    rule = "P4"
    status = 403
    title = "Nobody may screen their own proposal."


class DetailsDoNotFit(Rejected):
    """A merge names the other proposal, a rerouting names the body, and nothing else names either."""

    code = "details-do-not-fit-the-decision"
    rule = "P6"
    status = 422
    title = "A merge needs `merge_into`, a rerouting needs `body`, and no other decision takes them."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the officer decided."""

    decision: Move
    reason: str
    note: str = ""
    body: str | None = None
    merge_into: ProposalId | None = None


def screen(
    proposal: Proposal, verdict: Verdict, officer: Person, *, target: Target | None = None, at: datetime
) -> Proposal:
    """Decide on a proposal. `target` is what the verdict's `merge_into` was found to be."""
    if proposal.author == officer:
        raise OwnProposal  # P4
    _require_fitting(verdict)
    reached = after(proposal.state, verdict.decision)  # P3
    if verdict.merge_into is not None:
        require_target(proposal, target)
    decided = Screening(verdict.decision, verdict.reason, verdict.note, verdict.body, ActedBy.OFFICER, at)
    earlier = proposal.earlier_screenings + ((proposal.screening,) if proposal.screening else ())
    return replace(
        proposal, state=reached, screening=decided, earlier_screenings=earlier, merged_into=verdict.merge_into
    )


def _require_fitting(verdict: Verdict) -> None:
    reasons.require(verdict.reason, REASONS[verdict.decision])
    names_target = verdict.merge_into is not None
    names_body = verdict.body is not None
    if names_target is not (verdict.decision is Move.MERGE) or names_body is not (verdict.decision is Move.TRANSFER):
        raise DetailsDoNotFit  # P6
