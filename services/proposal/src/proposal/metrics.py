"""The metrics of this service. Labels come from closed sets: never an id, never a person."""

from typing import Final

from prometheus_client import Counter, Gauge

SUBMISSIONS: Final = Counter("proposal_submissions_total", "Proposals submitted, by the author's role.", ["role"])
SCREENINGS: Final = Counter("proposal_screenings_total", "Screening decisions, by kind.", ["decision"])
SUPPORTS: Final = Counter("proposal_supports_total", "Supports added or withdrawn; repeats count too.", ["act"])
SELECTIONS: Final = Counter("proposal_tasks_selected_total", "Tasks put to the vote, by origin.", ["origin"])
PROPOSALS: Final = Gauge("proposal_proposals", "Proposals in the database, by state.", ["state"])
SCREENINGS_OVERDUE: Final = Gauge("proposal_screenings_overdue", "Proposals whose screening is overdue.")
TASKS: Final = Gauge("proposal_tasks", "Tasks in the database, by the furthest state any event showed.", ["state"])
REFERRALS: Final = Counter("proposal_tasks_referred_total", "Tasks referred to the Committee without the threshold.")
