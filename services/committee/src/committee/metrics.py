"""What operators watch. Labels come from closed sets: never an id, never a person."""

from typing import Final

from prometheus_client import Counter, Gauge

CASES: Final = Gauge("committee_cases", "Cases by where they stand, as the database has them.", ["state"])
OVERDUE: Final = Gauge(
    "committee_cases_overdue",
    "Cases that wait longer than the rule allows, by what they wait for: sitting, strategy-meeting or outcome.",
    ["waits_for"],
)
DECISIONS: Final = Counter("committee_decisions_total", "Decisions of the chair, deferrals included.", ["decision"])
OUTCOMES: Final = Counter("committee_outcomes_total", "Outcomes of strategy meetings, deferrals included.", ["outcome"])
