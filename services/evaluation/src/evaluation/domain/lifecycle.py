"""The life of an initiative: opened by a directive, reported on by the responsible body, verified, evaluated."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from evaluation.domain import reasons
from evaluation.domain.initiative import (
    UNDER_WAY,
    Delay,
    Initiative,
    Move,
    Report,
    State,
    Verification,
    after,
    initiative_id,
)
from townhall.contracts.values import ActedBy, DirectiveId, Outcome, TaskId
from townhall.rejected import Rejected

ADOPTING: Final = frozenset({Outcome.ADOPTED, Outcome.ADOPTED_WITH_CHANGE})


class NotAdopting(Rejected):
    """The strategy meeting didn't adopt the task."""

    code = "not-adopting"
    rule = "E1"
    title = "Only a directive that adopts a task opens an initiative."


class TaskHasInitiative(Rejected):
    """Another directive opened the initiative of this task."""

    code = "task-has-initiative"
    rule = "E1"
    title = "The task already has an initiative."


class NewDateNotLater(Rejected):
    """The new due date of a delay is not after the old one, or has passed."""

    code = "new-date-not-later"
    rule = "E3"
    status = 422
    title = "The new due date must be later than the old one, and must not have passed."


class NotVerified(Rejected):
    """The report of the initiative was not verified."""

    code = "initiative-not-verified"
    rule = "E7"
    title = "Every initiative must be verified before its results are published."


@dataclass(frozen=True, slots=True)
class Directive:
    """A decision of the strategy meeting on a task."""

    id: DirectiveId
    task_id: TaskId
    title: str
    responsible_body: str
    due_on: date
    outcome: Outcome


def open_initiative(directive: Directive, at: datetime) -> Initiative:
    """Return the new initiative of an adopting directive. Raises `NotAdopting` (E1)."""
    if directive.outcome not in ADOPTING:
        raise NotAdopting
    return Initiative(
        id=initiative_id(directive.id),
        task_id=directive.task_id,
        directive_id=directive.id,
        title=directive.title,
        responsible_body=directive.responsible_body,
        due_on=directive.due_on,
        opened_at=at,
    )


def start(initiative: Initiative, at: datetime) -> Initiative:
    """Report that work has begun. Raises `MoveNotAllowed` (E2)."""
    return replace(initiative, state=after(initiative.state, Move.START), started_at=at)


def delay(initiative: Initiative, reason: str, note: str, due_on: date, *, today: date, at: datetime) -> Initiative:
    """Move the due date and add the delay to the earlier ones (E3).

    Raises `UnknownReason`, `MoveNotAllowed` or `NewDateNotLater`.
    """
    reasons.require(reason, reasons.DELAY)
    state = after(initiative.state, Move.DELAY)
    if due_on <= initiative.due_on or due_on < today:
        raise NewDateNotLater
    added = Delay(reason, note, initiative.due_on, due_on, ActedBy.AGENCY, at)
    return replace(initiative, state=state, due_on=due_on, delays=(*initiative.delays, added))


def overdue(initiative: Initiative, today: date) -> bool:
    """Return whether the due date passed without completion, and this was not announced yet (E4)."""
    announced = initiative.overdue_for == initiative.due_on
    return initiative.state in UNDER_WAY and initiative.due_on < today and not announced


def complete(initiative: Initiative, note: str, at: datetime) -> Initiative:
    """Report the initiative as done. Raises `MoveNotAllowed` (E2)."""
    report = Report(State.DONE, None, note, ActedBy.AGENCY, at)
    return replace(initiative, state=after(initiative.state, Move.COMPLETE), report=report)


def drop(initiative: Initiative, reason: str, note: str, at: datetime) -> Initiative:
    """Drop the initiative, with a public reason (E3). Raises `UnknownReason` or `MoveNotAllowed`."""
    reasons.require(reason, reasons.DROP)
    report = Report(State.DROPPED, reason, note, ActedBy.AGENCY, at)
    return replace(initiative, state=after(initiative.state, Move.DROP), report=report)


def verify(initiative: Initiative, note: str, at: datetime) -> Initiative:
    """Confirm that the report is true. Raises `MoveNotAllowed` (E2)."""
    verification = Verification(note, ActedBy.OFFICER, at)
    return replace(initiative, state=after(initiative.state, Move.VERIFY), verification=verification)


def evaluate(initiative: Initiative) -> Initiative:
    """Move the initiative to its last state, when its result is published. Raises `NotVerified` (E7)."""
    if initiative.state is not State.VERIFIED:
        raise NotVerified
    return replace(initiative, state=after(initiative.state, Move.EVALUATE))
