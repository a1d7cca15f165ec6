"""The recount: what the platform must arrive at, worked out from the recording alone."""

from collections import Counter, defaultdict

from townhall_local.rehearsal.polis import AGREE, PASSED, Recording, Vote
from townhall_local.rehearsal.programme import Ballot, Programme, Tally


def programme(recording: Recording) -> Programme:
    """The recording as it is to be played, and what must come of it."""
    votes = ballots(recording)
    return Programme(
        statements=recording.comments,
        ballots=[Ballot(vote.comment, vote.voter, vote.value == AGREE) for vote in votes],
        count=len(votes),
        voters=len({vote.voter for vote in votes}),
        expected=recount(recording),
    )


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
