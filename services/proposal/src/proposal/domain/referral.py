"""Referral: the Support Unit brings a task to the Committee although its vote did not pass the threshold."""

from dataclasses import replace

from proposal.domain import reasons
from proposal.domain.parameters import Parameters
from proposal.domain.selection import Referral, Task
from townhall.rejected import Rejected


class AlreadyReferred(Rejected):
    """P13: a task is referred at most once."""

    code = "already-referred"
    rule = "P13"
    title = "The task has already been referred to the Committee."


class ThresholdAlreadyReached(Rejected):
    """P13: the Committee has the task already, because its vote passed the threshold."""

    code = "threshold-already-reached"
    rule = "P13"
    title = "The vote passed the threshold, so the Committee has the task already."


class VoteStillOn(Rejected):
    """P13: the rule in force allows a referral only after the vote has closed."""

    code = "vote-still-on"
    rule = "P13"
    title = "The rule in force allows a referral only after the vote has closed."


def refer(task: Task, referral: Referral, *, parameters: Parameters, threshold_reached: bool) -> Task:
    """Return the task with its referral (P13).

    Raises `UnknownReason`, `AlreadyReferred`, `ThresholdAlreadyReached` or `VoteStillOn`.
    """
    reasons.require(referral.reason, reasons.REFERRAL)
    if task.referral is not None:
        raise AlreadyReferred  # P13
    if threshold_reached:
        raise ThresholdAlreadyReached  # P13
    if referral.at < task.closes_at and not parameters.referral_while_voting:
        raise VoteStillOn  # P13
    return replace(task, referral=referral)
