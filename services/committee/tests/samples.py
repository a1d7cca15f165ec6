"""What the committee's tests start from."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from committee.domain.case import Case, Cause, case_id_of
from committee.domain.parameters import Parameters
from committee.domain.sitting import Sitting
from townhall.contracts.values import SittingId, TaskId

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TITLE = "심야 버스 (Night buses)"
RULE = Parameters(
    quorum=3,
    decision_quorum=2,
    early_hours=24,
    lapse_hours=24,
    longest_sitting_hours=24,
    docketing_days=30,
    tabling_days=30,
    outcome_days=7,
)


def a_case(**facts: Any) -> Case:  # noqa: ANN401  any fact may be replaced
    """Make a case of a new task; arguments replace its facts."""
    task_id = TaskId(uuid4())
    return replace(Case(case_id_of(task_id), task_id, TITLE, Cause.THRESHOLD, NOON), **facts)


def a_sitting(**facts: Any) -> Sitting:  # noqa: ANN401  any fact may be replaced
    """Make a sitting called for noon; arguments replace its facts."""
    return replace(Sitting(SittingId(uuid4()), NOON, 3), **facts)
