"""The rules of recusals, positions and decisions (C7 to C10), without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from committee.domain import deliberation
from committee.domain.case import UNDECIDED, CaseElsewhere, CaseState
from committee.domain.deliberation import (
    AgainstMajority,
    CaseNotInDeliberation,
    MemberRecused,
    NoDecisionQuorum,
    NotAttending,
    Participation,
    PositionCount,
    Stance,
)
from services.committee.tests.samples import RULE, a_case
from townhall.contracts.values import Decision
from townhall.rejected import Rejected

PRESENT = Participation(attending=True, recused=False)


@pytest.mark.parametrize("state", CaseState)
def test_recusal_until_the_decision(state: CaseState) -> None:
    """C7: a member may be recused from a case in any state before its decision, and not after."""
    if state in UNDECIDED:
        deliberation.require_undecided(a_case(state=state))
    else:
        with pytest.raises(CaseElsewhere):
            deliberation.require_undecided(a_case(state=state))


@pytest.mark.parametrize(
    ("state", "member", "refusal"),
    [
        (CaseState.DOCKETED, PRESENT, CaseNotInDeliberation),
        (CaseState.DELIBERATED, PRESENT, CaseNotInDeliberation),
        (CaseState.IN_DELIBERATION, Participation(attending=False, recused=False), NotAttending),
        (CaseState.IN_DELIBERATION, Participation(attending=True, recused=True), MemberRecused),
    ],
)
def test_no_part_in_the_deliberation(state: CaseState, member: Participation, refusal: type[Rejected]) -> None:
    """C7, C8: no position and no decision outside a deliberation, by an absent or by a recused member."""
    with pytest.raises(refusal):
        deliberation.require_in_deliberation(a_case(state=state), member)
    with pytest.raises(refusal):
        deliberation.decide(a_case(state=state), member, PositionCount(9, 0, 0), Decision.RECOMMENDED, RULE)


@pytest.mark.parametrize(
    ("count", "decision", "result"),
    [
        (PositionCount(2, 0, 0), Decision.RECOMMENDED, CaseState.DELIBERATED),
        (PositionCount(2, 1, 3), Decision.AMENDED, CaseState.DELIBERATED),
        (PositionCount(1, 2, 0), Decision.DECLINED, CaseState.DELIBERATED),
        (PositionCount(2, 2, 0), Decision.DECLINED, CaseState.DELIBERATED),
        (PositionCount(0, 0, 2), Decision.DECLINED, CaseState.DELIBERATED),
        (PositionCount(0, 0, 0, recused=5), Decision.DEFERRED, CaseState.DEFERRED),
        (PositionCount(1, 0, 0, recused=5), Decision.RECOMMENDED, NoDecisionQuorum),
        (PositionCount(0, 1, 0), Decision.DECLINED, NoDecisionQuorum),
        (PositionCount(2, 2, 0), Decision.RECOMMENDED, AgainstMajority),
        (PositionCount(0, 0, 9), Decision.AMENDED, AgainstMajority),
        (PositionCount(2, 1, 0), Decision.DECLINED, AgainstMajority),
    ],
)
def test_the_decision_follows_the_positions(
    count: PositionCount, decision: Decision, result: CaseState | type[Rejected]
) -> None:
    """C9, C10: at least two positions; recommended or amended by a majority, else declined; a deferral at any time."""
    case = a_case(state=CaseState.IN_DELIBERATION)
    if isinstance(result, CaseState):
        assert deliberation.decide(case, PRESENT, count, decision, RULE) is result
    else:
        with pytest.raises(result):
            deliberation.decide(case, PRESENT, count, decision, RULE)


@given(st.lists(st.sampled_from(Stance)), st.integers(0, 9))
def test_every_position_is_counted_once(stances: list[Stance], recused: int) -> None:
    """C9: each position is counted, by its stance; recused members are a number of their own."""
    count = deliberation.count_positions(stances, recused=recused)
    assert count.positions == len(stances)
    assert (count.in_favour, count.recused) == (stances.count(Stance.FOR), recused)
