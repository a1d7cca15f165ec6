"""C7-C10: recusals, positions and the decision, each rule alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from committee.domain import deliberation
from committee.domain.case import BEFORE_DECISION, CaseElsewhere, CaseState
from committee.domain.deliberation import (
    AgainstMajority,
    CaseNotInDeliberation,
    Count,
    MemberRecused,
    NoDecisionQuorum,
    NotAttending,
    Part,
    Stance,
)
from services.committee.tests.samples import RULE, a_case
from townhall.contracts.values import Decision
from townhall.rejected import Rejected

PRESENT = Part(attending=True, recused=False)


@pytest.mark.parametrize("state", CaseState)
def test_recusal_until_the_decision(state: CaseState) -> None:
    """C7: a member may stand back from a case at any time before it is decided, and not after."""
    if state in BEFORE_DECISION:
        deliberation.may_recuse(a_case(state=state))
    else:
        with pytest.raises(CaseElsewhere):
            deliberation.may_recuse(a_case(state=state))


@pytest.mark.parametrize(
    ("state", "member", "refusal"),
    [
        (CaseState.DOCKETED, PRESENT, CaseNotInDeliberation),
        (CaseState.DELIBERATED, PRESENT, CaseNotInDeliberation),
        (CaseState.IN_DELIBERATION, Part(attending=False, recused=False), NotAttending),
        (CaseState.IN_DELIBERATION, Part(attending=True, recused=True), MemberRecused),
    ],
)
def test_no_say(state: CaseState, member: Part, refusal: type[Rejected]) -> None:
    """C7, C8: outside a deliberation, outside the room, or recused: no position and no decision."""
    with pytest.raises(refusal):
        deliberation.may_take_position(a_case(state=state), member)
    with pytest.raises(refusal):
        deliberation.decide(a_case(state=state), member, Count(9, 0, 0), Decision.RECOMMENDED, RULE)


@pytest.mark.parametrize(
    ("said", "decision", "result"),
    [
        (Count(2, 0, 0), Decision.RECOMMENDED, CaseState.DELIBERATED),
        (Count(2, 1, 3), Decision.AMENDED, CaseState.DELIBERATED),
        (Count(1, 2, 0), Decision.DECLINED, CaseState.DELIBERATED),
        (Count(2, 2, 0), Decision.DECLINED, CaseState.DELIBERATED),
        (Count(0, 0, 2), Decision.DECLINED, CaseState.DELIBERATED),
        (Count(0, 0, 0, recused=5), Decision.DEFERRED, CaseState.DEFERRED),
        (Count(1, 0, 0, recused=5), Decision.RECOMMENDED, NoDecisionQuorum),
        (Count(0, 1, 0), Decision.DECLINED, NoDecisionQuorum),
        (Count(2, 2, 0), Decision.RECOMMENDED, AgainstMajority),
        (Count(0, 0, 9), Decision.AMENDED, AgainstMajority),
        (Count(2, 1, 0), Decision.DECLINED, AgainstMajority),
    ],
)
def test_the_decision_follows_the_positions(
    said: Count, decision: Decision, result: CaseState | type[Rejected]
) -> None:
    """C9, C10: two positions at least; more for than against to recommend, else decline; a deferral needs neither."""
    deliberated = a_case(state=CaseState.IN_DELIBERATION)
    if isinstance(result, CaseState):
        assert deliberation.decide(deliberated, PRESENT, said, decision, RULE) is result
    else:
        with pytest.raises(result):
            deliberation.decide(deliberated, PRESENT, said, decision, RULE)


@given(st.lists(st.sampled_from(Stance)), st.integers(0, 9))
def test_every_position_is_counted_once(stances: list[Stance], recused: int) -> None:
    """C9: the numbers add up to the positions taken."""
    said = deliberation.count(stances, recused=recused)
    assert said.positions == len(stances)
    assert (said.in_favour, said.recused) == (stances.count(Stance.FOR), recused)
