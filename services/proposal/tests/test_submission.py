"""The rules of submitting, resubmitting and withdrawing (P1 to P3, P8, P9), without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proposal.domain.lifecycle import MoveNotAllowed, NotYourProposal, Person, Proposal, State, Wording
from proposal.domain.submission import Author, PartOfTask, TooManyProposals, resubmit, submit, withdraw
from services.proposal.tests.samples import parameters
from townhall.contracts.values import ActedBy, ProposalId, RuleUsed, TaskId
from townhall.rejected import Rejected

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
RULE = RuleUsed(version=1, article="제안 처리 규정 제4조")
PARAMETERS = parameters(screening_days=14, proposals_a_day=3)
WORDING = Wording("심야 버스 확대", "막차가 너무 이릅니다.", "새벽 두 시까지 운행합시다.", "교통")
AUTHOR = Person("a" * 64)


def submitted(role: ActedBy = ActedBy.CITIZEN, recent: int = 0) -> Proposal:
    """Submit a proposal."""
    author = Author(AUTHOR, role, recent)
    return submit(ProposalId(UUID(int=1)), WORDING, author, parameters=PARAMETERS, rule=RULE, at=AT)


@given(days=st.integers(1, 366))
def test_screening_is_due_by_the_rule(days: int) -> None:
    """P1: the due date is the rule's number of days later, and the proposal names the rule."""
    rule = parameters(screening_days=days)
    author = Author(AUTHOR, ActedBy.CITIZEN, 0)
    proposal = submit(ProposalId(UUID(int=1)), WORDING, author, parameters=rule, rule=RULE, at=AT)
    assert proposal.screening_due_at - AT == timedelta(days=days)
    assert (proposal.state, proposal.rule) == (State.SCREENING, RULE)


@given(recent=st.integers(0, 10))
def test_quota_of_a_citizen(recent: int) -> None:
    """P2: exactly the quota is accepted, not one more."""
    if recent < PARAMETERS.proposals_a_day:
        assert submitted(recent=recent).author == AUTHOR
    else:
        with pytest.raises(TooManyProposals):
            submitted(recent=recent)


@pytest.mark.parametrize("role", [ActedBy.OFFICER, ActedBy.AGENCY])
def test_officers_and_agencies_have_no_quota(role: ActedBy) -> None:
    """P2: officers and agencies submit any number of proposals, collected offline."""
    assert submitted(role, recent=10_000).state is State.SCREENING


def test_resubmission_starts_screening_again() -> None:
    """P8: the revised text replaces the old one, the topic stays, and screening gets a new due date and rule."""
    stored = replace(submitted(), state=State.REVISION_REQUESTED)
    newer = RuleUsed(version=2, article="개정 규정")
    revised = Wording("심야 버스", "배차가 끊깁니다.", "노선 셋을 늘립시다.")
    later = AT + timedelta(days=20)
    again = resubmit(stored, revised, AUTHOR, parameters=parameters(screening_days=5), rule=newer, at=later)
    assert again.wording == replace(revised, topic="교통")
    assert (again.state, again.rule, again.screening_due_at) == (State.SCREENING, newer, later + timedelta(days=5))


@pytest.mark.parametrize(
    ("proposal", "person", "refusal"),
    [
        (replace(submitted(), state=State.REVISION_REQUESTED), Person("b" * 64), NotYourProposal),
        (submitted(), AUTHOR, MoveNotAllowed),
        (replace(submitted(), state=State.REJECTED), AUTHOR, MoveNotAllowed),
    ],
)
def test_resubmission_refused(proposal: Proposal, person: Person, refusal: type[Rejected]) -> None:
    """P3, P8: only the author resubmits, and only after a revision was requested."""
    with pytest.raises(refusal):
        resubmit(proposal, WORDING, person, parameters=PARAMETERS, rule=RULE, at=AT)


@pytest.mark.parametrize("state", [State.SCREENING, State.REVISION_REQUESTED, State.ADMITTED])
def test_withdrawal(state: State) -> None:
    """P9: the author may withdraw a proposal until it ends or becomes part of a task."""
    assert withdraw(replace(submitted(), state=state), AUTHOR).state is State.WITHDRAWN


@pytest.mark.parametrize(
    ("changed", "person", "refusal"),
    [
        ({}, Person("b" * 64), NotYourProposal),
        ({"state": State.ADMITTED, "task_ids": (TaskId(UUID(int=9)),)}, AUTHOR, PartOfTask),
        ({"state": State.WITHDRAWN}, AUTHOR, MoveNotAllowed),
    ],
)
def test_withdrawal_refused(changed: dict[str, Any], person: Person, refusal: type[Rejected]) -> None:
    """P3, P8, P9: each rule refuses on its own."""
    with pytest.raises(refusal):
        withdraw(replace(submitted(), **changed), person)
