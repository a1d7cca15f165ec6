"""The rules of selecting and referring tasks (P5, P11 to P13), without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proposal.domain import reasons
from proposal.domain.lifecycle import Person, Proposal, State, Wording
from proposal.domain.referral import AlreadyReferred, ThresholdAlreadyReached, VoteStillOn, refer
from proposal.domain.selection import (
    ClosesBeforeOpening,
    Draft,
    LastsTooLong,
    LineageDoesNotFit,
    OpensInThePast,
    OpensTooLate,
    Origin,
    ProposalNotAdmitted,
    ProposalUnknown,
    Referral,
    Task,
    select,
)
from services.proposal.tests.samples import parameters
from townhall.contracts.values import ActedBy, ProposalId, RuleUsed, TaskId
from townhall.rejected import Rejected

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
RULE = RuleUsed(version=3, article="국민참여 규정 제7조")
PARAMETERS = parameters(voting_days=30, longest_voting_days=60, latest_opening_days=90)
IDS = (ProposalId(UUID(int=1)), ProposalId(UUID(int=2)))
FOUND = [Proposal(each, Person("a"), Wording("제목", "문제", ""), State.ADMITTED, AT, AT, RULE) for each in IDS]
DRAFT = Draft("심야 버스", "요약", Origin.PROPOSALS, IDS, "public-interest")


def selected(found: list[Proposal] = FOUND, **changed: Any) -> Task:  # noqa: ANN401  fields of the draft
    """Select a task; keyword arguments replace fields of the draft."""
    draft = replace(DRAFT, **changed)
    return select(TaskId(UUID(int=9)), draft, found, parameters=PARAMETERS, rule=RULE, at=AT)


def test_times_left_out_are_set_by_the_rule() -> None:
    """P12: a vote opens at its selection and lasts the rule's voting days, unless the draft sets the times."""
    task = selected()
    assert (task.opens_at, task.closes_at, task.rule) == (AT, AT + 30 * DAY, RULE)
    assert selected(opens_at=AT + DAY).closes_at == AT + 31 * DAY


@given(opens=st.integers(0, 90 * 86_400), lasts=st.integers(1, 60 * 86_400))
def test_any_period_within_the_limits(opens: int, lasts: int) -> None:
    """P12: times within the limits are accepted unchanged."""
    opens_at = AT + timedelta(seconds=opens)
    closes_at = opens_at + timedelta(seconds=lasts)
    task = selected(opens_at=opens_at, closes_at=closes_at)
    assert (task.opens_at, task.closes_at) == (opens_at, closes_at)


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"opens_at": AT - TICK}, OpensInThePast),
        ({"opens_at": AT + 90 * DAY + TICK}, OpensTooLate),
        ({"opens_at": datetime.max.replace(tzinfo=UTC)}, OpensTooLate),
        ({"closes_at": AT}, ClosesBeforeOpening),
        ({"closes_at": datetime.min.replace(tzinfo=UTC)}, ClosesBeforeOpening),
        ({"closes_at": AT + 60 * DAY + TICK}, LastsTooLong),
        ({"reason": "urgent"}, reasons.UnknownReason),
        ({"proposal_ids": ()}, LineageDoesNotFit),
        ({"origin": Origin.GOVERNMENT}, LineageDoesNotFit),
        ({"proposal_ids": (*IDS, ProposalId(UUID(int=3)))}, ProposalUnknown),
    ],
)
def test_selection_refused(changed: dict[str, Any], refusal: type[Rejected]) -> None:
    """P5, P11, P12: each rule refuses on its own, to the microsecond."""
    with pytest.raises(refusal):
        selected(**changed)


@pytest.mark.parametrize("state", sorted(set(State) - {State.ADMITTED}))
def test_only_admitted_proposals_are_selected(state: State) -> None:
    """P11: one proposal that isn't admitted is enough to refuse."""
    with pytest.raises(ProposalNotAdmitted):
        selected([FOUND[0], replace(FOUND[1], state=state)])


def test_government_task_has_no_proposals() -> None:
    """P11: a task from the government's plans names no proposal."""
    assert selected([], origin=Origin.GOVERNMENT, proposal_ids=(), reason="government-plan").draft.proposal_ids == ()


def referral(reason: str = "urgent", at: datetime = AT) -> Referral:
    """Return a referral."""
    return Referral(reason, "", ActedBy.OFFICER, at)


def test_referral_without_the_threshold() -> None:
    """P13: a task may be referred while its vote is open, where the rule allows it."""
    assert refer(selected(), referral(), parameters=PARAMETERS, threshold_reached=False).referral == referral()


@pytest.mark.parametrize(
    ("task", "new", "reached", "refusal"),
    [
        (replace(selected(), referral=referral()), referral(), False, AlreadyReferred),
        (selected(), referral(), True, ThresholdAlreadyReached),
        (selected(), referral("many-supports"), False, reasons.UnknownReason),
    ],
)
def test_referral_refused(task: Task, new: Referral, reached: bool, refusal: type[Rejected]) -> None:  # noqa: FBT001  a column of the table
    """P5, P13: not twice, not after the threshold was reached, not without a published reason."""
    with pytest.raises(refusal):
        refer(task, new, parameters=PARAMETERS, threshold_reached=reached)


def test_referral_only_after_closing_where_the_rule_requires_it() -> None:
    """P13: under such a rule the closing time itself is the first time allowed."""
    strict = PARAMETERS.model_copy(update={"referral_while_voting": False})
    task = selected()
    with pytest.raises(VoteStillOn):
        refer(task, referral(at=task.closes_at - TICK), parameters=strict, threshold_reached=False)
    assert refer(task, referral(at=task.closes_at), parameters=strict, threshold_reached=False).referral
