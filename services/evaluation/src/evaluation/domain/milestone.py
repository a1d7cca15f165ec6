"""Milestones of an initiative: planned and reported as reached by the responsible body (E5)."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from evaluation.domain.initiative import UNDER_WAY, Initiative, Milestone
from townhall.contracts.values import InitiativeId, MilestoneId, TaskId
from townhall.rejected import NotFound, Rejected


class NoSuchMilestone(NotFound):
    """The initiative has no milestone with that id."""

    code = "no-such-milestone"
    title = "The initiative has no milestone under this id."


class MilestoneInThePast(Rejected):
    """The due date of a new milestone has passed."""

    code = "milestone-in-the-past"
    rule = "E5"
    status = 422
    title = "A milestone cannot be planned for a day that is past."


class NotUnderWay(Rejected):
    """The responsible body has already reported the initiative as done or dropped."""

    code = "initiative-not-under-way"
    rule = "E5"
    title = "Milestones belong to an initiative that is neither done nor dropped."


class MilestoneAlreadyReached(Rejected):
    """The milestone was reported as reached before."""

    code = "milestone-already-reached"
    rule = "E5"
    title = "The milestone was already reported as reached."


@dataclass(frozen=True, slots=True)
class OverdueMilestone:
    """A milestone whose due date passed, and the initiative it belongs to."""

    task_id: TaskId
    initiative_id: InitiativeId
    milestone: Milestone


def plan_milestone(initiative: Initiative, milestone: Milestone, *, today: date) -> Initiative:
    """Add a milestone that is due today or later. Raises `NotUnderWay` or `MilestoneInThePast` (E5)."""
    _require_under_way(initiative)
    if milestone.due_on < today:
        raise MilestoneInThePast
    return replace(initiative, milestones=(*initiative.milestones, milestone))


def reach_milestone(initiative: Initiative, milestone_id: MilestoneId, note: str, at: datetime) -> Milestone:
    """Return the milestone, reported as reached.

    Raises `NoSuchMilestone`, `NotUnderWay` or `MilestoneAlreadyReached` (E5).
    """
    milestone = next((each for each in initiative.milestones if each.id == milestone_id), None)
    if milestone is None:
        raise NoSuchMilestone
    _require_under_way(initiative)
    if milestone.reached_at is not None:
        raise MilestoneAlreadyReached
    return replace(milestone, reached_at=at, note=note)


def _require_under_way(initiative: Initiative) -> None:
    if initiative.state not in UNDER_WAY:
        raise NotUnderWay
