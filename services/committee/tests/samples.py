"""Sample values of committee's tests."""

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
    agenda_days=30,
    outcome_days=7,
)


def a_case(**changed: Any) -> Case:  # noqa: ANN401  any field may be replaced
    """Return an opened case of a new task; keyword arguments replace its fields."""
    task_id = TaskId(uuid4())
    return replace(Case(case_id_of(task_id), task_id, TITLE, Cause.THRESHOLD, NOON), **changed)


def a_sitting(**changed: Any) -> Sitting:  # noqa: ANN401  any field may be replaced
    """Return a sitting called for noon; keyword arguments replace its fields."""
    return replace(Sitting(SittingId(uuid4()), NOON, 3), **changed)
