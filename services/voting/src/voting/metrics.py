"""What operators watch in voting. Sums only: no task, no person, no choice (V8)."""

from prometheus_client import Counter, Gauge, Histogram

BALLOTS = Counter(
    "voting_ballots_total",
    "Ballots answered, by outcome: counted, changed, unchanged, or the code of the refusal.",
    ["outcome"],
)
GROUP_SIZE = Histogram(
    "voting_intake_group_size",
    "Ballots that shared one transaction.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
)
GROUP_SECONDS = Histogram(
    "voting_intake_group_seconds",
    "Time from taking a group of ballots to its commit.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
GROUP_FAILURES = Counter(
    "voting_intake_group_failures_total",
    "Groups that could not be counted together, by cause: database (answered 503) or ballot (tried again one by one).",
    ["cause"],
)
WAITING = Gauge("voting_intake_waiting", "Ballots that wait to be counted.")
VOTES = Counter("voting_votes_total", "Votes that moved on, by what happened: scheduled, opened or closed.", ["moved"])
THRESHOLDS = Counter("voting_thresholds_reached_total", "Votes whose threshold was reached.")
