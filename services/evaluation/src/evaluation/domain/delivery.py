"""Delivery, watched: a directive opens it, the responsible body reports, the Support Unit verifies."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from evaluation.domain import reasons
from evaluation.domain.initiative import (
    UNDER_WAY,
    Delay,
    Initiative,
    Milestone,
    Move,
    Report,
    State,
    Verification,
    after,
    initiative_id,
)
from evaluation.domain.refusals import NotVerified
from townhall.contracts.values import ActedBy, DirectiveId, MilestoneId, Outcome, TaskId
from townhall.rejected import NotFound, Rejected

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
    title = "The task already has its initiative."


class NewDateNotLater(Rejected):
    """A delay moves the due date to a later day that is still to come."""

    code = "new-date-not-later"
    rule = "E3"
    status = 422
    title = "A delay needs a new date that is later than the old one and not past."


class MilestoneInThePast(Rejected):
    """A plan is about days to come."""

    code = "milestone-in-the-past"
    rule = "E5"
    status = 422
    title = "A milestone can't be planned for a day that is past."


class NoSuchMilestone(NotFound):
    """The initiative has no milestone under that id."""

    code = "no-such-milestone"
    title = "The initiative has no milestone under this id."


class NotUnderWay(Rejected):
    """The responsible body has already given its last word."""

    code = "initiative-not-under-way"
    rule = "E5"
    title = "Milestones belong to an initiative that is neither done nor dropped."


class MilestoneAlreadyReached(Rejected):
    """A milestone is reached once."""

    code = "milestone-already-reached"
    rule = "E5"
    title = "The milestone was already reported as reached."


@dataclass(frozen=True, slots=True)
class Directive:
    """What the strategy meeting ordered."""

    id: DirectiveId
    task_id: TaskId
    title: str
    responsible_body: str
    due_on: date
    outcome: Outcome


def open_initiative(directive: Directive, at: datetime) -> Initiative:
    """Begin the public record of what becomes of an adopted task."""
    if directive.outcome not in ADOPTING:
        raise NotAdopting  # E1
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
    """Say that work has begun."""
    return replace(initiative, state=after(initiative.state, Move.START), started_at=at)


def delay(initiative: Initiative, reason: str, note: str, due_on: date, *, today: date, at: datetime) -> Initiative:
    """Move the due date and keep the delay beside all earlier ones."""
    reasons.require(reason, reasons.DELAY)
    reached = after(initiative.state, Move.DELAY)
    if due_on <= initiative.due_on or due_on < today:
        raise NewDateNotLater  # E3
    kept = Delay(reason, note, initiative.due_on, due_on, ActedBy.AGENCY, at)
    return replace(initiative, state=reached, due_on=due_on, delays=(*initiative.delays, kept))


def overdue(initiative: Initiative, today: date) -> bool:
    """Tell whether the due date passed, was not yet announced as passed, and completion is still owed (E4)."""
    announced = initiative.overdue_for == initiative.due_on
    return initiative.state in UNDER_WAY and initiative.due_on < today and not announced


def complete(initiative: Initiative, note: str, at: datetime) -> Initiative:
    """Report the initiative as done."""
    report = Report(State.DONE, None, note, ActedBy.AGENCY, at)
    return replace(initiative, state=after(initiative.state, Move.COMPLETE), report=report)


def drop(initiative: Initiative, reason: str, note: str, at: datetime) -> Initiative:
    """Give the initiative up, with a public reason."""
    reasons.require(reason, reasons.DROP)
    report = Report(State.DROPPED, reason, note, ActedBy.AGENCY, at)
    return replace(initiative, state=after(initiative.state, Move.DROP), report=report)


def verify(initiative: Initiative, note: str, at: datetime) -> Initiative:
    """Confirm that what was reported is true."""
    verified = Verification(note, ActedBy.OFFICER, at)
    return replace(initiative, state=after(initiative.state, Move.VERIFY), verification=verified)


def evaluate(initiative: Initiative) -> Initiative:
    """Close the record with the published result of citizens' evaluation."""
    if initiative.state is not State.VERIFIED:
        raise NotVerified  # E7
    return replace(initiative, state=after(initiative.state, Move.EVALUATE))


def plan_milestone(initiative: Initiative, milestone: Milestone, *, today: date) -> Initiative:
    """Add a step to the plan, for today or later."""
    _require_under_way(initiative)
    if milestone.due_on < today:
        raise MilestoneInThePast  # E5
    return replace(initiative, milestones=(*initiative.milestones, milestone))


def reach_milestone(initiative: Initiative, milestone_id: MilestoneId, note: str, at: datetime) -> Milestone:
    """Report a planned step as reached, once."""
    milestone = next((each for each in initiative.milestones if each.id == milestone_id), None)
    if milestone is None:
        raise NoSuchMilestone
    _require_under_way(initiative)
    if milestone.reached_at is not None:
        raise MilestoneAlreadyReached  # E5
    return replace(milestone, reached_at=at, note=note)


def _require_under_way(initiative: Initiative) -> None:
    if initiative.state not in UNDER_WAY:
        raise NotUnderWay  # E5
