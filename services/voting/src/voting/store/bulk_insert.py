"""Counting in bulk: one statement, so one round trip, for nearly all ballots under load.

It counts first ballots, repeats and changes, on open votes whose threshold the group can't reach. A citizen's first
ballot is counted whatever the choice, a repeat changes nothing, and a change replaces the citizen's ballot where the
vote's rule allows it. It leaves out, for the caller to count by the rules: ballots on votes that are not open, all
ballots of a group on a vote whose threshold they might reach, refused changes, and ballots of a citizen whose ballot
another process stored at the same time.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final

from townhall.chassis.database_url import DatabaseUrl
from townhall.chassis.generation import Generation
from townhall.contracts.values import TaskId
from voting.domain.ballot import CastBallot, Choice, Counted, CurrentBallot, Outcome, VoterHash
from voting.domain.voter_keys import Keyring, MasterKeyUnknown, SealedKey, pseudonyms
from voting.store.dedicated_connection import DedicatedConnection

MAX_VOTES: Final = 10_000
"""Votes whose unwrapped keys are cached."""

# SQL text, since it is sent by asyncpg without SQLAlchemy.
# `locked` waits for groups of other processes; PostgreSQL evaluates its conditions again on rows they changed. `timed`
# reads the clock after the locks were granted (V1). `per_task` counts every yes of the group, stored or not, to see
# whether the threshold might be reached (V5).
# The statement doesn't see ballots that others stored while it waited. So the constraint decides which ballot of a
# citizen is the first (V3), and `changed` replaces only the version of a ballot that `earlier` has read: PostgreSQL
# evaluates its condition again, too. LATERAL with OFFSET 0 and the join by ctid let the planner only look up single
# rows, also before it has statistics of a table that grows fast.
_COUNT: Final = """
    WITH cast_ballot AS MATERIALIZED (
        SELECT vote_id, voter, choice, position
        FROM unnest($1::int[], $2::bytea[], $3::boolean[])
        WITH ORDINALITY AS cast_ballot (vote_id, voter, choice, position)
    ), per_task AS (
        SELECT vote_id, count(*) FILTER (WHERE choice) AS yes FROM cast_ballot GROUP BY vote_id
    ), locked AS MATERIALIZED (
        SELECT vote.id AS vote_id, vote.task_id, vote.opens_at, vote.closes_at, vote.ballots_changeable
        FROM per_task JOIN vote ON vote.id = per_task.vote_id JOIN tally USING (task_id)
        WHERE vote.state = 'open' AND clock_timestamp() < vote.closes_at
          AND (tally.reached_at IS NOT NULL OR tally.yes + per_task.yes <= vote.more_than)
        ORDER BY vote.task_id
        FOR NO KEY UPDATE OF vote, tally
    ), timed AS MATERIALIZED (
        SELECT vote_id, task_id, opens_at, closes_at, ballots_changeable, clock_timestamp() AS at FROM locked
    ), countable AS MATERIALIZED (
        SELECT vote_id, voter, choice, at, ballots_changeable, position
        FROM cast_ballot JOIN timed USING (vote_id) WHERE opens_at <= at AND at < closes_at
    ), inserted AS (
        INSERT INTO current_ballot (id, cast_at, vote_id, choice, voter)
        SELECT nextval('ballot_id'), at, vote_id, choice, voter FROM countable ORDER BY position
        ON CONFLICT ON CONSTRAINT v3_one_ballot_per_citizen DO NOTHING
        RETURNING vote_id, voter, choice, cast_at
    ), earlier AS MATERIALIZED (
        SELECT vote_id, voter, choice, at, ballots_changeable, location, id, stored_choice, cast_at
        FROM countable CROSS JOIN LATERAL (
            SELECT ctid AS location, id, choice AS stored_choice, cast_at FROM current_ballot
            WHERE current_ballot.vote_id = countable.vote_id AND current_ballot.voter = countable.voter OFFSET 0
        ) AS stored
        WHERE (vote_id, voter) NOT IN (SELECT vote_id, voter FROM inserted)
    ), changed AS (
        UPDATE current_ballot SET id = nextval('ballot_id'), choice = earlier.choice, cast_at = earlier.at
        FROM earlier
        WHERE current_ballot.ctid = earlier.location AND current_ballot.id = earlier.id
          AND earlier.choice <> earlier.stored_choice AND earlier.ballots_changeable
        RETURNING current_ballot.vote_id, current_ballot.voter, current_ballot.choice, current_ballot.cast_at
    ), counted AS (
        UPDATE tally SET yes = tally.yes + added.yes, no = tally.no + added.no
        FROM (
            SELECT task_id, sum(part.yes) AS yes, sum(part.no) AS no
            FROM (
                SELECT vote_id, choice::int AS yes, (NOT choice)::int AS no FROM inserted
                UNION ALL
                SELECT vote_id, choice::int - (NOT choice)::int, (NOT choice)::int - choice::int FROM changed
            ) AS part JOIN timed USING (vote_id) GROUP BY task_id
        ) AS added
        WHERE tally.task_id = added.task_id
    )
    SELECT vote_id, voter, cast_at, 'counted' AS outcome FROM inserted
    UNION ALL
    SELECT vote_id, voter, cast_at, 'changed' FROM changed
    UNION ALL
    SELECT vote_id, voter, cast_at, 'unchanged' FROM earlier WHERE choice = stored_choice
"""
_VOTES: Final = """
    SELECT task_id, id, wrapped_key, key_version FROM vote WHERE task_id = ANY($1::uuid[]) AND state = 'open'
"""


@dataclass(frozen=True, slots=True)
class _Vote:
    """What never changes of a vote (V7)."""

    id: int
    pseudonym: Callable[[str], VoterHash] = field(repr=False)


_Voter = tuple[int, VoterHash]
"""The vote's id and the pseudonym of a citizen in it."""


class BulkInsert:
    """Counts ballots on a connection of its own. Each call of `count` is one transaction."""

    def __init__(self, url: DatabaseUrl | str, keyring: Keyring, generation: Generation | None = None) -> None:
        self._connection = DedicatedConnection(url, generation or Generation())
        self._keyring = keyring
        self._votes: dict[TaskId, _Vote] = {}

    async def count(self, cast_ballots: Sequence[CastBallot]) -> dict[int, Counted]:
        """Count ballots, committed on return.

        Returns the answers to those counted, by their index in `cast_ballots`. Raises what asyncpg raises.
        """
        await self._load_votes({cast_ballot.task_id for cast_ballot in cast_ballots} - self._votes.keys())
        by_voter = self._by_voter(cast_ballots)
        rows = await self._connection.fetch(
            _COUNT,
            [vote_id for vote_id, _ in by_voter],
            [voter for _, voter in by_voter],
            [cast_ballots[indexes[0]].choice is Choice.YES for indexes in by_voter.values()],
        )
        answers: dict[int, Counted] = {}
        for vote_id, voter, cast_at, outcome in rows:
            first, *later = by_voter[vote_id, voter]
            choice = cast_ballots[first].choice
            answers[first] = Counted(Outcome(outcome), CurrentBallot(choice, cast_at))
            if later:
                answers |= _repeats(answers[first], choice, later, cast_ballots)
        return answers

    def _by_voter(self, cast_ballots: Sequence[CastBallot]) -> dict[_Voter, list[int]]:
        """Return the indexes of the ballots of each citizen on an open vote, in order."""
        by_voter: dict[_Voter, list[int]] = {}
        for index, cast_ballot in enumerate(cast_ballots):
            vote = self._votes.get(cast_ballot.task_id)
            if vote is not None:
                by_voter.setdefault((vote.id, vote.pseudonym(cast_ballot.subject)), []).append(index)
        return by_voter

    async def _load_votes(self, tasks: Collection[TaskId]) -> None:
        """Cache the ids and the unwrapped keys of these votes, if open. They never change, so none gets stale."""
        if not tasks:
            return
        if len(self._votes) + len(tasks) > MAX_VOTES:
            self._votes.clear()
        for task_id, vote_id, wrapped, version in await self._connection.fetch(_VOTES, list(tasks)):
            with suppress(MasterKeyUnknown):  # Its ballots are left to be refused one by one.
                key = self._keyring.open(SealedKey(wrapped, version))
                self._votes[TaskId(task_id)] = _Vote(vote_id, pseudonyms(key))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _repeats(
    answer: Counted, choice: Choice, later: Sequence[int], cast_ballots: Sequence[CastBallot]
) -> dict[int, Counted]:
    """Answer the citizen's further ballots in the group that repeat the first (V3), up to one that doesn't."""
    repeated = takewhile(lambda index: cast_ballots[index].choice is choice, later)
    return dict.fromkeys(repeated, Counted(Outcome.UNCHANGED, answer.current_ballot))
