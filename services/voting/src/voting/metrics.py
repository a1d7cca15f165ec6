"""The metrics of voting. Sums only: no label holds a task, a person or a choice (V8)."""

from prometheus_client import Counter, Gauge, Histogram

BALLOTS = Counter(
    "voting_ballots_total",
    "Ballots answered, by outcome: counted, changed, unchanged, or the code of the refusal.",
    ["outcome"],
)
GROUP_SIZE = Histogram(
    "voting_intake_group_size",
    "Ballots counted in one transaction.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
)
GROUP_SECONDS = Histogram(
    "voting_intake_group_seconds",
    "Seconds from taking a group of ballots from the queues to its commit.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
GROUP_FAILURES = Counter(
    "voting_intake_group_failures_total",
    "Groups whose transaction failed, by cause: database (answered with 503) or ballot (retried one by one).",
    ["cause"],
)
QUEUED = Gauge("voting_intake_queued", "Ballots in the queues, not yet counted.")
MOVES = Counter("voting_vote_moves_total", "Votes that changed state, by move: scheduled, opened or closed.", ["move"])
VOTES = Gauge("voting_votes", "Votes in the database, by state.", ["state"])
VOTES_OVERDUE = Gauge("voting_votes_overdue", "Votes that should have opened or closed more than 10 seconds ago.")
PAST_THRESHOLD = Gauge("voting_votes_past_threshold", "Votes in the database whose threshold was reached.")
RECOUNTS = Counter(
    "voting_recounts_total",
    "Recounts of closed votes, by outcome: equal to the published totals, or different.",
    ["outcome"],
)
DIFFERING = Gauge(
    "voting_votes_differing_from_recount", "Closed votes whose totals differed from the ballots at their last recount."
)
THRESHOLDS = Counter("voting_thresholds_reached_total", "Votes whose threshold was reached.")
