"""The metrics of this service. Labels come from closed sets: never an id, never a person."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

CASES: Final = Gauge("committee_cases", "Cases in the database, by state.", ["state"])
OVERDUE: Final = Gauge(
    "committee_cases_overdue",
    "Cases announced as overdue, by what they wait for: sitting, strategy-meeting or outcome.",
    ["waits_for"],
)
FROM_THRESHOLD: Final = Gauge("committee_cases_from_threshold", "Cases that a reached threshold brought.")
ASSIGNABLE: Final = Gauge(
    "committee_cases_assignable",
    "Waiting cases that a sitting or strategy meeting has room for; above 0 for moments only.",
    ["waits_for"],
)
CROSSING_TO_CASE: Final = Histogram(
    "committee_crossing_to_case_seconds",
    "Time from the ballot that reached the threshold to the opened case.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
)
DECISION_TO_AGENDA: Final = Histogram(
    "committee_decision_to_agenda_seconds",
    "Time from the Committee's decision to a place on the agenda of a strategy meeting; long if none was called.",
    buckets=(0.1, 1, 10, 60, 600, 3600, 86_400, 604_800, 2_592_000),
)
DECISIONS: Final = Counter("committee_decisions_total", "Decisions of the chair, deferrals included.", ["decision"])
OUTCOMES: Final = Counter("committee_outcomes_total", "Outcomes of strategy meetings, deferrals included.", ["outcome"])
