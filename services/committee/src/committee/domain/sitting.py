"""A sitting of the Committee: called, attended, opened with quorum, closed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from committee.domain.parameters import Parameters
from townhall.contracts.values import SittingId
from townhall.rejected import NotFound, Rejected


class NoSuchSitting(NotFound):
    """Nobody called that sitting."""

    code = "no-such-sitting"
    title = "There is no sitting under this id."


class SittingInPast(Rejected):
    """C4: a sitting can only be called for a later time."""

    code = "sitting-in-past"
    rule = "C4"
    status = 422
    title = "A sitting is called for a time to come."


class SittingNotDue(Rejected):
    """C5: it is too early to attend or open the sitting."""

    code = "sitting-not-due"
    rule = "C5"
    title = "It is too early: the sitting starts later."


class SittingElsewhere(Rejected):
    """C16: the sitting is not where the step would take it from."""

    code = "sitting-elsewhere"
    rule = "C16"
    title = "The sitting is at another step, which does not allow this."


class NoQuorum(Rejected):
    """C6: too few are present to open."""

    code = "no-quorum"
    rule = "C6"
    title = "Too few members are present to open the sitting."


class SittingState(StrEnum):
    """Where a sitting stands."""

    CALLED = "called"
    OPEN = "open"
    CLOSED = "closed"
    LAPSED = "lapsed"
    """Its time passed and nobody opened it; its cases went to the next sitting with room."""


MOVES: Final[Mapping[SittingState, frozenset[SittingState]]] = MappingProxyType(
    {
        SittingState.CALLED: frozenset({SittingState.OPEN, SittingState.LAPSED}),
        SittingState.OPEN: frozenset({SittingState.CLOSED}),
        SittingState.CLOSED: frozenset(),
        SittingState.LAPSED: frozenset(),
    }
)
"""C16: every move a sitting may make."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """One sitting and what is known of it in public. `present` counts the members in the room."""

    sitting_id: SittingId
    sits_at: datetime
    capacity: int
    place: str = ""
    state: SittingState = SittingState.CALLED
    present: int = 0
    ends_at: datetime | None = None
    """When it lapses if nobody opens it, or closes by itself if nobody closes it; None once it is over."""
    rule_version: int = 1
    """The rules it was called under; from its opening, those it was opened under, until it closes (C6)."""

    def to(self, state: SittingState) -> "Sitting":
        """Move the sitting, if the table of moves allows it."""
        if state not in MOVES[self.state]:
            raise SittingElsewhere  # C16
        return replace(self, state=state, ends_at=None)


def call(sitting: Sitting, rule: Parameters, *, version: int, at: datetime) -> Sitting:
    """Accept a newly called sitting, and say when it lapses."""
    if sitting.sits_at <= at:
        raise SittingInPast  # C4
    return replace(sitting, rule_version=version, ends_at=sitting.sits_at + rule.lapse)


def attend(sitting: Sitting, rule: Parameters, *, at: datetime) -> None:
    """Let a member in, or raise why not. Members may come late, while the sitting is open."""
    if sitting.state not in {SittingState.CALLED, SittingState.OPEN}:
        raise SittingElsewhere
    if at < sitting.sits_at - rule.early:
        raise SittingNotDue  # C5


def end(sitting: Sitting) -> Sitting:
    """End the sitting when its time is over: one that was opened closes, one that wasn't lapses."""
    return sitting.to(SittingState.CLOSED if sitting.state is SittingState.OPEN else SittingState.LAPSED)  # C11


def open_with(sitting: Sitting, rule: Parameters, *, version: int, at: datetime) -> Sitting:
    """Open the sitting under this version of the rules, if enough are present."""
    opened = sitting.to(SittingState.OPEN)
    if at < sitting.sits_at - rule.early:
        raise SittingNotDue  # C5
    if sitting.present < rule.quorum:
        raise NoQuorum  # C6
    return replace(opened, rule_version=version, ends_at=at + rule.longest_sitting)
