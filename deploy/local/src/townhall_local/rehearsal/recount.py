"""The recount: the totals the platform must reach, computed from the recording alone."""

from collections import Counter, defaultdict

from townhall_local.rehearsal.polis import AGREE, PASSED, Recording, Vote
from townhall_local.rehearsal.schedule import Ballot, Schedule, Tally


def schedule(recording: Recording) -> Schedule:
    """Return the ballots of a recording and their expected totals."""
    votes = ballots(recording)
    return Schedule(
        statements=recording.comments,
        ballots=[Ballot(vote.comment, vote.voter, vote.value == AGREE) for vote in votes],
        count=len(votes),
        voters=len({vote.voter for vote in votes}),
        expected=recount(recording),
    )


def ballots(recording: Recording) -> list[Vote]:
    """Return the votes that become ballots: all but `pass`, which leaves an earlier vote of the voter unchanged."""
    return [vote for vote in recording.votes if vote.value != PASSED]


def recount(recording: Recording) -> dict[str, Tally]:
    """Return the totals of every comment, by the last vote of each voter."""
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
