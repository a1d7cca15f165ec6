"""The metrics of this service. Labels come from closed sets: never an id, never a person."""

from typing import Final

from prometheus_client import Counter, Gauge

CASES: Final = Gauge("committee_cases", "Cases in the database, by state.", ["state"])
OVERDUE: Final = Gauge(
    "committee_cases_overdue",
    "Cases announced as overdue, by what they wait for: sitting, strategy-meeting or outcome.",
    ["waits_for"],
)
DECISIONS: Final = Counter("committee_decisions_total", "Decisions of the chair, deferrals included.", ["decision"])
OUTCOMES: Final = Counter("committee_outcomes_total", "Outcomes of strategy meetings, deferrals included.", ["outcome"])
