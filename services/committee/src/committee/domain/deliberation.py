"""What members and the chair do with a case while a sitting has it: recusals, positions, the decision."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from committee.domain.case import BEFORE_DECISION, Case, CaseElsewhere, CaseState
from committee.domain.parameters import Parameters
from townhall.contracts.values import Decision
from townhall.rejected import NotFound, Rejected


class CaseNotInDeliberation(Rejected):
    """C8: no open sitting has the case."""

    code = "case-not-in-deliberation"
    rule = "C8"
    title = "No open sitting deliberates this case now."


class NotAttending(Rejected):
    """C8, C9: only those in the room take positions and decide."""

    code = "not-attending"
    rule = "C8"
    title = "Only members who attend the sitting take part in it."


class MemberRecused(Rejected):
    """C7: whoever stood back from a case has no part in it."""

    code = "member-recused"
    rule = "C7"
    title = "You are recused from this case."


class NoDecisionQuorum(Rejected):
    """C9: too few positions, recused members not counted."""

    code = "no-decision-quorum"
    rule = "C9"
    title = "Too few members took a position on this case to decide it; it can be deferred."


class AgainstMajority(Rejected):
    """C10: the decision must follow the positions taken."""

    code = "against-majority"
    rule = "C10"
    title = "The decision does not follow the majority of the positions taken."


class NoPosition(NotFound):
    """The member said nothing on the case in this sitting."""

    code = "no-position"
    title = "You have taken no position on this case."


class Stance(StrEnum):
    """A member's position on a case."""

    FOR = "for"
    AGAINST = "against"
    ABSTAIN = "abstain"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the chair says the Committee decided, and why."""

    decision: Decision
    reasons: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Position:
    """A member's own position."""

    stance: Stance
    note: str
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """What ties one member to one case: in the room or not, recused or not."""

    attending: bool
    recused: bool

    def check(self) -> None:
        """Refuse whoever may have no say."""
        if self.recused:
            raise MemberRecused  # C7
        if not self.attending:
            raise NotAttending  # C8


@dataclass(frozen=True, slots=True)
class Count:
    """The positions on a case, by number only: who took them is never told."""

    in_favour: int = 0
    against: int = 0
    abstained: int = 0
    recused: int = 0

    @property
    def positions(self) -> int:
        """How many took a position; an abstention is one."""
        return self.in_favour + self.against + self.abstained


def count(stances: Iterable[Stance], *, recused: int) -> Count:
    """Count what was said."""
    said = list(stances)
    return Count(said.count(Stance.FOR), said.count(Stance.AGAINST), said.count(Stance.ABSTAIN), recused)


def may_recuse(case: Case) -> None:
    """A member may stand back from a case at any time before it is decided."""
    if case.state not in BEFORE_DECISION:
        raise CaseElsewhere  # C7


def may_take_position(case: Case, member: Part) -> None:
    """Only where the case is being deliberated, by those who attend and are not recused."""
    if case.state is not CaseState.IN_DELIBERATION:
        raise CaseNotInDeliberation  # C8
    member.check()


def decide(case: Case, chair: Part, said: Count, decision: Decision, rule: Parameters) -> CaseState:
    """Say where the decision takes the case, or raise the rule that forbids it. A deferral needs no quorum."""
    may_take_position(case, chair)
    if decision is Decision.DEFERRED:
        return CaseState.DEFERRED  # C11: the way out when the quorum can't be had
    if said.positions < rule.decision_quorum:
        raise NoDecisionQuorum  # C9
    if (said.in_favour > said.against) is (decision is Decision.DECLINED):
        raise AgainstMajority  # C10
    return CaseState.DELIBERATED
