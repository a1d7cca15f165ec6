"""Ballots stored by SQL, through the same constraints as those that are cast."""

import sys
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text

from bench.ballots import schedule
from townhall.chassis.db import Database
from townhall.contracts.values import TaskId
from voting.domain.voter_keys import Keyring, pseudonyms
from voting.store.ballots import sealed_key

BATCH: Final = 250_000
"""Ballots per transaction, within the statement timeout."""

_KNOWN = text("""
    INSERT INTO current_ballot (id, cast_at, vote_id, choice, voter)
    SELECT nextval('ballot_id'), clock_timestamp(), id, true, voter
    FROM vote CROSS JOIN unnest(CAST(:voters AS bytea[])) AS voter WHERE task_id = :task_id
""")
# Pseudonyms are spread like hashes, so each lands in another page of the index, as in a real vote.
_GENERATED = text("""
    INSERT INTO current_ballot (id, cast_at, vote_id, choice, voter)
    SELECT nextval('ballot_id'), clock_timestamp(), id, number % 2 = 0, substr(sha256(int8send(number)), 1, 16)
    FROM vote CROSS JOIN generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS number
    WHERE task_id = :task_id
""")
_TOTALS = text("""
    UPDATE tally SET yes = counted.yes, no = counted.no
    FROM (
        SELECT count(*) FILTER (WHERE choice) AS yes, count(*) FILTER (WHERE NOT choice) AS no
        FROM current_ballot JOIN vote ON vote.id = vote_id WHERE task_id = :task_id
    ) AS counted
    WHERE task_id = :task_id
""")
_CLOSE_SOON: Final = (
    "ALTER TABLE vote DISABLE TRIGGER v2_v7_fixed_columns",
    "UPDATE vote SET closes_at = clock_timestamp() + interval '1 second' WHERE task_id = :task_id",
    "ALTER TABLE vote ENABLE TRIGGER v2_v7_fixed_columns",
)


async def vote_of(db: Database, key: str, citizens: Sequence[str]) -> UUID:
    """Open a vote in which these citizens, named by issuer and subject, have voted yes; return its task."""
    task = await schedule(db, key)
    async with db.transaction() as tx:
        sealed = await sealed_key(tx.session, TaskId(task))
        if sealed is None:
            raise LookupError
        pseudonym = pseudonyms(Keyring(1, {1: bytes.fromhex(key)}).open(sealed))
        voters = [pseudonym(citizen) for citizen in citizens]
        await tx.session.execute(_KNOWN, {"task_id": task, "voters": voters})
        await tx.session.execute(_TOTALS, {"task_id": task})
    return task


async def load(db: Database, task: UUID, count: int) -> None:
    """Store so many ballots of other voters."""
    for first in range(1, count + 1, BATCH):
        last = min(first + BATCH - 1, count)
        async with db.transaction() as tx:
            await tx.session.execute(_GENERATED, {"task_id": task, "first": first, "last": last})
        sys.stderr.write(f"\r  {last:,} ballots stored")
    sys.stderr.write("\n")
    async with db.transaction() as tx:
        await tx.session.execute(text("SET LOCAL statement_timeout = 0"))
        await tx.session.execute(_TOTALS, {"task_id": task})
        await tx.session.execute(text("ANALYZE current_ballot"))


async def close_soon(db: Database, task: UUID) -> None:
    """Let a vote close in a second, which no rule allows."""
    async with db.transaction() as tx:
        for statement in _CLOSE_SOON:
            await tx.session.execute(text(statement), {"task_id": task} if ":task_id" in statement else {})
