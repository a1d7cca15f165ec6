"""Screening: the Support Unit decides on a proposal, with a public reason."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from proposal.domain import reasons
from proposal.domain.lifecycle import Move, Person, Proposal, Screening, next_state
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
"""P5: the screening decisions, each with its list of reasons."""


class OwnProposal(Rejected):
    """P4: the officer is the author."""

    code = "own-proposal"
    rule = "P4"
    status = 403
    title = "Nobody may screen their own proposal."


class DetailsDoNotFit(Rejected):
    """P6: a merge names the other proposal, a transfer names the competent body, no other decision names either."""

    code = "details-do-not-fit-the-decision"
    rule = "P6"
    status = 422
    title = "A merge needs `merge_into`, a transfer needs `body`, and no other decision takes them."


@dataclass(frozen=True, slots=True)
class Verdict:
    """An officer's decision on a proposal, before it is checked."""

    decision: Move
    reason: str
    note: str = ""
    body: str | None = None
    """The competent body; for a transfer only."""
    merge_into: ProposalId | None = None
    """The other proposal; for a merge only."""


def screen(
    proposal: Proposal, verdict: Verdict, officer: Person, *, target: Target | None = None, at: datetime
) -> Proposal:
    """Return the proposal as decided. `target` is the proposal that `verdict.merge_into` names, if it exists.

    Raises `OwnProposal` (P4), `UnknownReason` (P5), `DetailsDoNotFit` (P6), `MoveNotAllowed` (P3) and, for a merge,
    what `require_target` raises (P7).
    """
    if proposal.author == officer:
        raise OwnProposal  # P4
    _require_fitting(verdict)
    state = next_state(proposal.state, verdict.decision)  # P3
    if verdict.merge_into is not None:
        require_target(proposal, target)
    decision = Screening(verdict.decision, verdict.reason, verdict.note, verdict.body, ActedBy.OFFICER, at)
    earlier = proposal.earlier_screenings + ((proposal.screening,) if proposal.screening else ())
    return replace(
        proposal, state=state, screening=decision, earlier_screenings=earlier, merged_into=verdict.merge_into
    )


def _require_fitting(verdict: Verdict) -> None:
    reasons.require(verdict.reason, REASONS[verdict.decision])
    names_target = verdict.merge_into is not None
    names_body = verdict.body is not None
    if names_target is not (verdict.decision is Move.MERGE) or names_body is not (verdict.decision is Move.TRANSFER):
        raise DetailsDoNotFit  # P6
