"""First ballots, counted in one statement and so in one round trip: nearly all of a crowd's, and nothing to decide.

A citizen's first ballot on an open vote counts whatever it says. What needs deciding is left alone here and found by
the caller in what is missing from the answer: another ballot of the same citizen, a vote that is not open, and every
ballot of a group that might reach the threshold.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from townhall.contracts.values import TaskId
from voting.domain.ballot import CastBallot
from voting.domain.nullifier import Keyring, SealedKey, voter
from voting.store.dedicated_connection import Straight

REMEMBERED: Final = 10_000
"""Votes whose keys are kept at hand, opened."""

# `held` waits for groups of other processes, and its conditions are asked again of rows that changed meanwhile; `ready`
# reads the clock once they are ours (V1). The constraint decides which ballot is the first (V3). Whether the threshold
# might be reached is asked with every yes of the group, counted or not (V5).
_COUNT: Final = """
    WITH cast_ballot AS MATERIALIZED (
        SELECT DISTINCT ON (task_id, voter) task_id, voter, choice, place
        FROM unnest($1::uuid[], $2::bytea[], $3::text[]) WITH ORDINALITY AS cast_ballot (task_id, voter, choice, place)
        ORDER BY task_id, voter, place
    ), asked AS (
        SELECT task_id, count(*) FILTER (WHERE choice = 'yes') AS yes FROM cast_ballot GROUP BY task_id
    ), held AS MATERIALIZED (
        SELECT vote.task_id, vote.opens_at, vote.closes_at
        FROM asked JOIN vote USING (task_id) JOIN tally USING (task_id)
        WHERE vote.state = 'open' AND clock_timestamp() < vote.closes_at
          AND (tally.reached_at IS NOT NULL OR tally.yes + asked.yes <= vote.more_than)
        ORDER BY vote.task_id
        FOR NO KEY UPDATE OF vote, tally
    ), ready AS MATERIALIZED (
        SELECT *, clock_timestamp() AS at FROM held
    ), stood AS (
        INSERT INTO current_ballot (task_id, voter, choice, cast_at, ballot)
        SELECT task_id, voter, choice, at, nextval('ballot_id_seq')
        FROM cast_ballot JOIN ready USING (task_id) WHERE opens_at <= at AND at < closes_at ORDER BY place
        ON CONFLICT ON CONSTRAINT v3_one_ballot_per_citizen DO NOTHING
        RETURNING task_id, voter, choice, cast_at, ballot
    ), stored AS (
        INSERT INTO ballot (id, task_id, voter, choice, cast_at) OVERRIDING SYSTEM VALUE
        SELECT ballot, task_id, voter, choice, cast_at FROM stood ORDER BY ballot
    ), counted AS (
        UPDATE tally SET yes = tally.yes + more.yes, no = tally.no + more.no
        FROM (
            SELECT task_id, count(*) FILTER (WHERE choice = 'yes') AS yes, count(*) FILTER (WHERE choice = 'no') AS no
            FROM stood GROUP BY task_id
        ) AS more
        WHERE tally.task_id = more.task_id
    )
    SELECT cast_ballot.place, stood.cast_at FROM stood JOIN cast_ballot USING (task_id, voter)
"""
_KEYS: Final = "SELECT task_id, wrapped_key, key_version FROM vote WHERE task_id = ANY($1::uuid[]) AND state = 'open'"


class BulkInsert:
    """Counts on a connection of its own; each call is one transaction."""

    def __init__(self, dsn: str, keyring: Keyring) -> None:
        self._line = Straight(dsn)
        self._keyring = keyring
        self._keys: dict[TaskId, bytes] = {}

    async def count(self, cast_ballots: Sequence[CastBallot]) -> dict[int, datetime]:
        """Count those that are their citizen's first; return when, by their places in the group."""
        await self._learn({cast_ballot.task_id for cast_ballot in cast_ballots} - self._keys.keys())
        known = [
            (place, cast_ballot) for place, cast_ballot in enumerate(cast_ballots) if cast_ballot.task_id in self._keys
        ]
        rows = await self._line.fetch(
            _COUNT,
            [cast_ballot.task_id for _, cast_ballot in known],
            [voter(self._keys[cast_ballot.task_id], cast_ballot.subject) for _, cast_ballot in known],
            [cast_ballot.choice.value for _, cast_ballot in known],
        )
        return {known[nth - 1][0]: at for nth, at in rows}

    async def _learn(self, tasks: Collection[TaskId]) -> None:
        """Open the keys of votes not met before. The key of a vote never changes (V7), so it may be remembered."""
        if not tasks:
            return
        if len(self._keys) + len(tasks) > REMEMBERED:
            self._keys.clear()
        for task_id, wrapped, version in await self._line.fetch(_KEYS, list(tasks)):
            self._keys[TaskId(task_id)] = self._keyring.open(SealedKey(wrapped, version))

    def close(self) -> None:
        """Give the connection up."""
        self._line.close()
