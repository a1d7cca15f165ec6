"""The rules of screening, merging and supporting (P3 to P7, P10), without a database."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from proposal.domain import reasons
from proposal.domain.lifecycle import Move, MoveNotAllowed, Person, Proposal, State, Wording
from proposal.domain.merging import MergeIntoEnded, MergeIntoItself, MergeIntoUnknown, MergeWouldCircle, Target
from proposal.domain.screening import REASONS, DetailsDoNotFit, OwnProposal, Verdict, screen
from proposal.domain.support import NotOpenToSupport, require_open
from townhall.contracts.values import ActedBy, ProposalId, RuleUsed
from townhall.rejected import Rejected

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
AUTHOR, OFFICER = Person("a" * 64), Person("b" * 64)
FIRST, OTHER = ProposalId(UUID(int=1)), ProposalId(UUID(int=2))
PROPOSAL = Proposal(
    FIRST,
    AUTHOR,
    Wording("제목", "문제", ""),
    State.SCREENING,
    AT,
    AT,
    RuleUsed(version=1, article="제1조"),
    supports=7,
)
DETAILS: dict[Move, dict[str, Any]] = {Move.MERGE: {"merge_into": OTHER}, Move.TRANSFER: {"body": "국토교통부"}}
STATE_AFTER = {
    Move.ADMIT: State.ADMITTED,
    Move.REJECT: State.REJECTED,
    Move.REQUEST_REVISION: State.REVISION_REQUESTED,
    Move.TRANSFER: State.TRANSFERRED,
    Move.MERGE: State.MERGED,
}


def verdict(decision: Move, reason: str | None = None, **details: Any) -> Verdict:  # noqa: ANN401  fields of the verdict
    """Return a decision with a reason of its list and the details it needs."""
    needed = DETAILS.get(decision, {}) | details
    return Verdict(decision, reason or next(iter(REASONS[decision])), **needed)


@pytest.mark.parametrize("decision", STATE_AFTER)
def test_decision(decision: Move) -> None:
    """P3, P5, P7: each decision leads to its state, records role and time, and leaves the supports unchanged."""
    target = Target(OTHER, State.ADMITTED)
    decided = screen(PROPOSAL, verdict(decision), OFFICER, target=target, at=AT)
    assert decided.state is STATE_AFTER[decision]
    assert decided.screening is not None
    assert (decided.screening.decision, decided.screening.acted_by, decided.screening.at) == (
        decision,
        ActedBy.OFFICER,
        AT,
    )
    assert decided.merged_into == (OTHER if decision is Move.MERGE else None)
    assert decided.supports == 7


def test_an_author_never_screens_their_own_proposal() -> None:
    """P4: an officer who is the author is refused."""
    with pytest.raises(OwnProposal):
        screen(PROPOSAL, verdict(Move.ADMIT), AUTHOR, at=AT)


@pytest.mark.parametrize("decision", REASONS)
def test_the_reason_is_on_the_list_of_its_decision(decision: Move) -> None:
    """P5: a reason of another decision's list is refused like an unknown one."""
    others = set().union(*REASONS.values()) - set(REASONS[decision])
    for reason in others | {"because-i-say-so"}:
        with pytest.raises(reasons.UnknownReason):
            screen(PROPOSAL, verdict(decision, reason), OFFICER, target=Target(OTHER, State.ADMITTED), at=AT)


@pytest.mark.parametrize(
    ("decision", "details"),
    [
        (Move.MERGE, {"merge_into": None}),
        (Move.MERGE, {"body": "국토교통부"}),
        (Move.TRANSFER, {"body": None}),
        (Move.TRANSFER, {"merge_into": OTHER}),
        (Move.ADMIT, {"body": "국토교통부"}),
        (Move.REJECT, {"merge_into": OTHER}),
    ],
)
def test_details_fit_the_decision(decision: Move, details: dict[str, Any]) -> None:
    """P6: a merge names the other proposal, a transfer the body, and no other decision names either."""
    with pytest.raises(DetailsDoNotFit):
        screen(PROPOSAL, verdict(decision, **details), OFFICER, target=Target(OTHER, State.ADMITTED), at=AT)


@pytest.mark.parametrize("state", sorted(set(State) - {State.SCREENING}))
@pytest.mark.parametrize("decision", REASONS)
def test_only_a_proposal_in_screening_is_decided(state: State, decision: Move) -> None:
    """P3: in any other state the decision is refused."""
    decided = replace(PROPOSAL, state=state)
    with pytest.raises(MoveNotAllowed):
        screen(decided, verdict(decision), OFFICER, target=Target(OTHER, State.ADMITTED), at=AT)


@pytest.mark.parametrize(
    ("target", "refusal"),
    [
        (None, MergeIntoUnknown),
        (Target(FIRST, State.SCREENING), MergeIntoItself),
        (Target(OTHER, State.MERGED, merge_chain=(ProposalId(UUID(int=3)), FIRST)), MergeWouldCircle),
        (Target(OTHER, State.MERGED), MergeIntoEnded),
        (Target(OTHER, State.REJECTED), MergeIntoEnded),
        (Target(OTHER, State.REVISION_REQUESTED), MergeIntoEnded),
        (Target(OTHER, State.TRANSFERRED), MergeIntoEnded),
        (Target(OTHER, State.WITHDRAWN), MergeIntoEnded),
    ],
)
def test_merge_refused(target: Target | None, refusal: type[Rejected]) -> None:
    """P7: a merge into nothing, itself, its own merge chain, or an ended proposal is refused."""
    with pytest.raises(refusal):
        screen(PROPOSAL, verdict(Move.MERGE), OFFICER, target=target, at=AT)


@pytest.mark.parametrize("state", State)
def test_support_by_state(state: State) -> None:
    """P10: only a proposal in screening or admitted accepts new supports."""
    proposal = replace(PROPOSAL, state=state)
    if state in {State.SCREENING, State.ADMITTED}:
        require_open(proposal)
    else:
        with pytest.raises(NotOpenToSupport):
            require_open(proposal)
