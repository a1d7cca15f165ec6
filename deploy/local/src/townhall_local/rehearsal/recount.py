"""The recount: what the platform must arrive at, worked out from the recording alone."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from townhall_local.rehearsal.polis import AGREE, PASSED, Recording, Vote


@dataclass(frozen=True, slots=True)
class Tally:
    """The ballots on one comment when every voter's last vote counts."""

    yes: int
    no: int
    ever_yes: int
    """How many voters ever said yes: no order of ballots can bring the yes count above it."""


def ballots(recording: Recording) -> list[Vote]:
    """The votes that are ballots: who passed said neither yes nor no, and an earlier vote of theirs stands."""
    return [vote for vote in recording.votes if vote.value != PASSED]


def recount(recording: Recording) -> dict[str, Tally]:
    """Count every comment by the last vote per voter; a comment nobody voted on has zeros."""
    last: dict[tuple[str, str], int] = {}
    ever_yes: defaultdict[str, set[str]] = defaultdict(set)
    for vote in ballots(recording):
        last[vote.comment, vote.voter] = vote.value
        if vote.value == AGREE:
            ever_yes[vote.comment].add(vote.voter)
    totals = Counter((comment, value == AGREE) for (comment, _), value in last.items())
    return {
        comment.id: Tally(totals[comment.id, True], totals[comment.id, False], len(ever_yes[comment.id]))
        for comment in recording.comments
    }
