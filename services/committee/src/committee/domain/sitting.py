"""Sittings of the Committee: calling, attending, opening and ending one."""

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
    """No sitting has this id."""

    code = "no-such-sitting"
    title = "There is no sitting under this id."


class SittingInPast(Rejected):
    """C4: the time of the new sitting has passed."""

    code = "sitting-in-past"
    rule = "C4"
    status = 422
    title = "A sitting must be called for a future time."


class SittingNotDue(Rejected):
    """C5: it is too early to attend or open the sitting."""

    code = "sitting-not-due"
    rule = "C5"
    title = "It is too early: the sitting starts later."


class SittingElsewhere(Rejected):
    """C16: the sitting is in a state that doesn't allow the step."""

    code = "sitting-elsewhere"
    rule = "C16"
    title = "The state of the sitting does not allow this step."


class NoQuorum(Rejected):
    """C6: the sitting can't be opened, because fewer members are present than the quorum."""

    code = "no-quorum"
    rule = "C6"
    title = "Too few members are present to open the sitting."


class SittingState(StrEnum):
    """The state of a sitting."""

    CALLED = "called"
    OPEN = "open"
    CLOSED = "closed"
    LAPSED = "lapsed"
    """Nobody opened it in time; its cases were deferred (C11)."""


MOVES: Final[Mapping[SittingState, frozenset[SittingState]]] = MappingProxyType(
    {
        SittingState.CALLED: frozenset({SittingState.OPEN, SittingState.LAPSED}),
        SittingState.OPEN: frozenset({SittingState.CLOSED}),
        SittingState.CLOSED: frozenset(),
        SittingState.LAPSED: frozenset(),
    }
)
"""C16: the states each state may move to."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """A sitting."""

    sitting_id: SittingId
    sits_at: datetime
    capacity: int
    place: str = ""
    state: SittingState = SittingState.CALLED
    present: int = 0
    """The number of members who attend."""
    ends_at: datetime | None = None
    """When it lapses unless opened, or is closed automatically; None after its end (C11)."""
    rule_version: int = 1
    """The rule version it was called under; after the opening, the one it was opened under (C6)."""

    def move_to(self, state: SittingState) -> "Sitting":
        """Return the sitting in another state. Raises `SittingElsewhere` if `MOVES` doesn't allow the move (C16)."""
        if state not in MOVES[self.state]:
            raise SittingElsewhere  # C16
        return replace(self, state=state, ends_at=None)


def call(sitting: Sitting, rule: Parameters, *, version: int, at: datetime) -> Sitting:
    """Return the new sitting with the time at which it lapses (C11). Raises `SittingInPast` (C4)."""
    if sitting.sits_at <= at:
        raise SittingInPast  # C4
    return replace(sitting, rule_version=version, ends_at=sitting.sits_at + rule.lapse_period)


def attend(sitting: Sitting, rule: Parameters, *, at: datetime) -> None:
    """Check that members may attend now: before the opening, or later while the sitting is open.

    Raises `SittingElsewhere` (C16) or `SittingNotDue` (C5).
    """
    if sitting.state not in {SittingState.CALLED, SittingState.OPEN}:
        raise SittingElsewhere
    if at < sitting.sits_at - rule.early:
        raise SittingNotDue  # C5


def end(sitting: Sitting) -> Sitting:
    """Return the sitting as ended: closed if it was open, else lapsed (C11). Raises `SittingElsewhere` (C16)."""
    return sitting.move_to(SittingState.CLOSED if sitting.state is SittingState.OPEN else SittingState.LAPSED)  # C11


def open_sitting(sitting: Sitting, rule: Parameters, *, version: int, at: datetime) -> Sitting:
    """Return the sitting as opened under this rule version, with the time at which it is closed automatically.

    Raises `SittingElsewhere` (C16), `SittingNotDue` (C5) or `NoQuorum` (C6).
    """
    opened = sitting.move_to(SittingState.OPEN)
    if at < sitting.sits_at - rule.early:
        raise SittingNotDue  # C5
    if sitting.present < rule.quorum:
        raise NoQuorum  # C6
    return replace(opened, rule_version=version, ends_at=at + rule.longest_sitting)
