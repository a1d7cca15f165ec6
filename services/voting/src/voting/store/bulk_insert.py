"""Bulk insert of first ballots: one statement, so one round trip, for nearly all ballots under load.

A citizen's first ballot on an open vote is counted whatever the choice, so no rule has to decide. The statement leaves
out, for the caller to count by the rules: later ballots of the same citizen, ballots on votes that are not open, and
all ballots of a group on a vote whose threshold they might reach.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

from townhall.chassis.database_url import DatabaseUrl
from townhall.chassis.generation import Generation
from townhall.contracts.values import TaskId
from voting.domain.ballot import CastBallot, VoterHash
from voting.domain.voter_keys import Keyring, MasterKeyUnknown, SealedKey, pseudonyms
from voting.store.dedicated_connection import DedicatedConnection

MAX_KEYS: Final = 10_000
"""Votes whose unwrapped keys are cached."""

# SQL text, since it is sent by asyncpg without SQLAlchemy.
# `locked` waits for groups of other processes; PostgreSQL evaluates its conditions again on rows they changed. `timed`
# reads the clock after the locks were granted (V1). The constraint decides which ballot of a citizen is the first (V3).
# `per_task` counts every yes of the group, stored or not, to see whether the threshold might be reached (V5).
_COUNT: Final = """
    WITH cast_ballot AS MATERIALIZED (
        SELECT DISTINCT ON (task_id, voter) task_id, voter, choice, position
        FROM unnest($1::uuid[], $2::bytea[], $3::text[])
        WITH ORDINALITY AS cast_ballot (task_id, voter, choice, position)
        ORDER BY task_id, voter, position
    ), per_task AS (
        SELECT task_id, count(*) FILTER (WHERE choice = 'yes') AS yes FROM cast_ballot GROUP BY task_id
    ), locked AS MATERIALIZED (
        SELECT vote.task_id, vote.opens_at, vote.closes_at
        FROM per_task JOIN vote USING (task_id) JOIN tally USING (task_id)
        WHERE vote.state = 'open' AND clock_timestamp() < vote.closes_at
          AND (tally.reached_at IS NOT NULL OR tally.yes + per_task.yes <= vote.more_than)
        ORDER BY vote.task_id
        FOR NO KEY UPDATE OF vote, tally
    ), timed AS MATERIALIZED (
        SELECT task_id, opens_at, closes_at, clock_timestamp() AS at FROM locked
    ), inserted AS (
        INSERT INTO current_ballot (task_id, voter, choice, cast_at, ballot)
        SELECT task_id, voter, choice, at, nextval('ballot_id_seq')
        FROM cast_ballot JOIN timed USING (task_id) WHERE opens_at <= at AND at < closes_at ORDER BY position
        ON CONFLICT ON CONSTRAINT v3_one_ballot_per_citizen DO NOTHING
        RETURNING task_id, voter, choice, cast_at, ballot
    ), stored AS (
        INSERT INTO ballot (id, task_id, voter, choice, cast_at) OVERRIDING SYSTEM VALUE
        SELECT ballot, task_id, voter, choice, cast_at FROM inserted ORDER BY ballot
    ), counted AS (
        UPDATE tally SET yes = tally.yes + added.yes, no = tally.no + added.no
        FROM (
            SELECT task_id, count(*) FILTER (WHERE choice = 'yes') AS yes, count(*) FILTER (WHERE choice = 'no') AS no
            FROM inserted GROUP BY task_id
        ) AS added
        WHERE tally.task_id = added.task_id
    )
    SELECT cast_ballot.position, inserted.cast_at FROM inserted JOIN cast_ballot USING (task_id, voter)
"""
_KEYS: Final = "SELECT task_id, wrapped_key, key_version FROM vote WHERE task_id = ANY($1::uuid[]) AND state = 'open'"


class BulkInsert:
    """Counts first ballots on a connection of its own. Each call of `count` is one transaction."""

    def __init__(self, url: DatabaseUrl | str, keyring: Keyring, generation: Generation | None = None) -> None:
        self._connection = DedicatedConnection(url, generation or Generation())
        self._keyring = keyring
        self._pseudonyms: dict[TaskId, Callable[[str], VoterHash]] = {}

    async def count(self, cast_ballots: Sequence[CastBallot]) -> dict[int, datetime]:
        """Count the first ballots among these, committed on return.

        Returns the casting time of each counted ballot, by its index in `cast_ballots`. Raises what asyncpg raises.
        """
        await self._load_keys({cast_ballot.task_id for cast_ballot in cast_ballots} - self._pseudonyms.keys())
        known = [
            (index, cast_ballot)
            for index, cast_ballot in enumerate(cast_ballots)
            if cast_ballot.task_id in self._pseudonyms
        ]
        rows = await self._connection.fetch(
            _COUNT,
            [cast_ballot.task_id for _, cast_ballot in known],
            [self._pseudonyms[cast_ballot.task_id](cast_ballot.subject) for _, cast_ballot in known],
            [cast_ballot.choice.value for _, cast_ballot in known],
        )
        return {known[position - 1][0]: at for position, at in rows}

    async def _load_keys(self, tasks: Collection[TaskId]) -> None:
        """Unwrap and cache the keys of these votes, if open. A vote's key never changes (V7), so none gets stale."""
        if not tasks:
            return
        if len(self._pseudonyms) + len(tasks) > MAX_KEYS:
            self._pseudonyms.clear()
        for task_id, wrapped, version in await self._connection.fetch(_KEYS, list(tasks)):
            with suppress(MasterKeyUnknown):  # Its ballots are left to be refused one by one.
                self._pseudonyms[TaskId(task_id)] = pseudonyms(self._keyring.open(SealedKey(wrapped, version)))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
