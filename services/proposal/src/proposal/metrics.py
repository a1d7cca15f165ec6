"""What operators watch. Labels come from closed sets: never an id, never a person."""

from typing import Final

from prometheus_client import Counter

SUBMISSIONS: Final = Counter("proposal_submissions_total", "Proposals handed in, by the author's role.", ["role"])
SCREENINGS: Final = Counter("proposal_screenings_total", "Decisions of screening, by kind.", ["decision"])
SUPPORTS: Final = Counter("proposal_supports_total", "Supports given or taken back; repeats count too.", ["act"])
SELECTIONS: Final = Counter("proposal_tasks_selected_total", "Tasks put to the vote, by origin.", ["origin"])
REFERRALS: Final = Counter("proposal_tasks_referred_total", "Tasks brought to the Committee without the threshold.")
