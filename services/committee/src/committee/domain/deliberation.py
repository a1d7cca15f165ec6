"""Deliberation of a case by members and the chair: recusals, positions, the decision."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from committee.domain.case import UNDECIDED, Case, CaseElsewhere, CaseState
from committee.domain.parameters import Parameters
from townhall.contracts.values import Decision
from townhall.rejected import NotFound, Rejected


class CaseNotInDeliberation(Rejected):
    """C8: no open sitting is deliberating the case."""

    code = "case-not-in-deliberation"
    rule = "C8"
    title = "No open sitting deliberates this case now."


class NotAttending(Rejected):
    """C8, C9: the caller doesn't attend the sitting."""

    code = "not-attending"
    rule = "C8"
    title = "Only members who attend the sitting may take a position or decide."


class MemberRecused(Rejected):
    """C7: the caller is recused from the case."""

    code = "member-recused"
    rule = "C7"
    title = "You are recused from this case."


class NoDecisionQuorum(Rejected):
    """C9: fewer positions were taken than the rule requires; those of recused members don't count."""

    code = "no-decision-quorum"
    rule = "C9"
    title = "Too few members took a position on this case to decide it; it can be deferred."


class AgainstMajority(Rejected):
    """C10: the decision doesn't follow the majority."""

    code = "against-majority"
    rule = "C10"
    title = "The decision does not follow the majority of the positions taken."


class NoPosition(NotFound):
    """The member took no position on the case in this sitting."""

    code = "no-position"
    title = "You have taken no position on this case."


class Stance(StrEnum):
    """A member's position on a case."""

    FOR = "for"
    AGAINST = "against"
    ABSTAIN = "abstain"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision as the chair submits it."""

    decision: Decision
    reasons: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Position:
    """A member's position, with the member's own note, which is never published."""

    stance: Stance
    note: str
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Participation:
    """Whether a member attends the sitting of a case, and whether they are recused from the case."""

    attending: bool
    recused: bool

    def require(self) -> None:
        """Check that the member may take part. Raises `MemberRecused` (C7) or `NotAttending` (C8)."""
        if self.recused:
            raise MemberRecused  # C7
        if not self.attending:
            raise NotAttending  # C8


@dataclass(frozen=True, slots=True)
class PositionCount:
    """The number of positions on a case by stance. It names no member (C19)."""

    in_favour: int = 0
    against: int = 0
    abstained: int = 0
    recused: int = 0

    @property
    def positions(self) -> int:
        """The number of positions taken, abstentions included."""
        return self.in_favour + self.against + self.abstained


def count_positions(stances: Iterable[Stance], *, recused: int) -> PositionCount:
    """Return the count of these stances, with the number of recused members."""
    taken = list(stances)
    return PositionCount(taken.count(Stance.FOR), taken.count(Stance.AGAINST), taken.count(Stance.ABSTAIN), recused)


def require_undecided(case: Case) -> None:
    """Check that members may still recuse themselves from the case (C7). Raises `CaseElsewhere`."""
    if case.state not in UNDECIDED:
        raise CaseElsewhere  # C7


def require_in_deliberation(case: Case, member: Participation) -> None:
    """Check that the member may take a position, or decide, now.

    Raises `CaseNotInDeliberation` (C8), `MemberRecused` (C7) or `NotAttending` (C8).
    """
    if case.state is not CaseState.IN_DELIBERATION:
        raise CaseNotInDeliberation  # C8
    member.require()


def decide(case: Case, chair: Participation, count: PositionCount, decision: Decision, rule: Parameters) -> CaseState:
    """Return the state the decision leads to: `deferred` or `deliberated`. A deferral needs no quorum.

    Raises what `require_in_deliberation` raises, `NoDecisionQuorum` (C9) or `AgainstMajority` (C10).
    """
    require_in_deliberation(case, chair)
    if decision is Decision.DEFERRED:
        return CaseState.DEFERRED  # C11: possible without a quorum
    if count.positions < rule.decision_quorum:
        raise NoDecisionQuorum  # C9
    majority_in_favour = count.in_favour > count.against
    declines = decision is Decision.DECLINED
    if declines == majority_in_favour:  # declined against a majority in favour, or recommended without one
        raise AgainstMajority  # C10
    return CaseState.DELIBERATED
