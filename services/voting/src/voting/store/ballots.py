"""Ballots, stored a group at a time in a few statements, whatever the size of the group."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from townhall.contracts.values import TaskId
from voting.domain.ballot import Ballot, Choice, CurrentBallot, Voter
from voting.domain.counting import Count, CountingState
from voting.domain.nullifier import SealedKey
from voting.domain.tally import Tally
from voting.domain.vote import State, Terms, Vote
from voting.store.tables import CurrentBallotRow, VoteRow

# The rows stay locked, in one order for all, until the commit: groups of a task follow each other, closing waits for
# them, and a group that waited sees what it waited for. A vote past its time is not locked, so that ballots which are
# too late can't keep it open. The outer select is evaluated after the lock: `at` is when the last row was ours.
_LOCK = text("""
    WITH locked AS MATERIALIZED (
        SELECT vote.*, tally.yes, tally.no, tally.reached_at
        FROM vote JOIN tally USING (task_id)
        WHERE task_id = ANY(CAST(:tasks AS uuid[])) AND state = 'open' AND clock_timestamp() < closes_at
        ORDER BY task_id
        FOR NO KEY UPDATE OF vote, tally
    )
    SELECT *, clock_timestamp() AS at FROM locked
""")
_KNOWN = text("SELECT task_id FROM vote WHERE task_id = ANY(CAST(:tasks AS uuid[]))")
_STANDING = text("""
    SELECT task_id, voter, choice, cast_at
    FROM unnest(CAST(:tasks AS uuid[]), CAST(:voters AS bytea[])) AS asked (task_id, voter)
    JOIN current_ballot USING (task_id, voter)
""")
_STORE = text("""
    WITH cast_ballot AS (
        SELECT * FROM unnest(CAST(:tasks AS uuid[]), CAST(:voters AS bytea[]), CAST(:choices AS text[]))
        WITH ORDINALITY AS cast_ballot (task_id, voter, choice, place)
    ), stored AS (
        INSERT INTO ballot (task_id, voter, choice, cast_at)
        SELECT task_id, voter, choice, :at FROM cast_ballot ORDER BY place
        RETURNING id, task_id, voter, choice, cast_at
    ), stood AS (
        INSERT INTO current_ballot (task_id, voter, choice, cast_at, ballot)
        SELECT DISTINCT ON (task_id, voter) task_id, voter, choice, cast_at, id
        FROM stored ORDER BY task_id, voter, id DESC
        ON CONFLICT ON CONSTRAINT v3_one_ballot_per_citizen
        DO UPDATE SET choice = EXCLUDED.choice, cast_at = EXCLUDED.cast_at, ballot = EXCLUDED.ballot
    )
    UPDATE tally SET yes = total.yes, no = total.no
    FROM unnest(CAST(:counted AS uuid[]), CAST(:yes AS int[]), CAST(:no AS int[])) AS total (task_id, yes, no)
    WHERE tally.task_id = total.task_id
""")
_CROSS = text("""
    WITH crossed AS (
        INSERT INTO crossing (task_id, rule_version, yes, no, reached_at)
        VALUES (:task_id, :version, :yes, :no, :at)
        ON CONFLICT ON CONSTRAINT v5_threshold_once DO NOTHING
        RETURNING task_id, reached_at
    )
    UPDATE tally SET reached_at = crossed.reached_at
    FROM crossed WHERE tally.task_id = crossed.task_id
    RETURNING tally.task_id
""")


@dataclass(frozen=True, slots=True)
class Locked:
    """The open votes a group touches, held until the commit, with the keys of their voters' names."""

    state: CountingState
    keys: Mapping[TaskId, SealedKey]


async def lock_open(session: AsyncSession, tasks: Collection[UUID], began: datetime) -> Locked:
    """Hold those of the votes that are open now; the moment they are all held is the moment of counting."""
    rows = (await session.execute(_LOCK, {"tasks": sorted(tasks)})).mappings().all()
    state = CountingState(
        at=max((row["at"] for row in rows), default=began),
        votes={row["task_id"]: _open_vote(row) for row in rows},
        tallies={row["task_id"]: Tally(row["yes"], row["no"]) for row in rows},
        passed={row["task_id"] for row in rows if row["reached_at"] is not None},
    )
    return Locked(state, {row["task_id"]: SealedKey(row["wrapped_key"], row["key_version"]) for row in rows})


async def known(session: AsyncSession, tasks: Collection[UUID]) -> set[UUID]:
    """Tell which of the tasks were ever put to the vote."""
    return set((await session.scalars(_KNOWN, {"tasks": list(tasks)})).all())


async def current_ballots(
    session: AsyncSession, ballots: Sequence[Ballot]
) -> dict[tuple[TaskId, Voter], CurrentBallot]:
    """Read what stands already of these voters."""
    asked = {"tasks": [each.task_id for each in ballots], "voters": [each.voter for each in ballots]}
    found = await session.execute(_STANDING, asked)
    return {(task_id, voter): CurrentBallot(Choice(choice), at) for task_id, voter, choice, at in found}


async def store(session: AsyncSession, state: CountingState, done: Count) -> None:
    """Add the accepted ballots, what stands of them, and the totals."""
    counted = {ballot.task_id: state.tallies[ballot.task_id] for ballot in done.accepted}
    rows: dict[str, Any] = {
        "tasks": [ballot.task_id for ballot in done.accepted],
        "voters": [ballot.voter for ballot in done.accepted],
        "choices": [ballot.choice.value for ballot in done.accepted],
        "at": state.at,
        "counted": list(counted),
        "yes": [tally.yes for tally in counted.values()],
        "no": [tally.no for tally in counted.values()],
    }
    await session.execute(_STORE, rows)


async def cross(session: AsyncSession, vote: Vote, terms: Terms, tally: Tally, at: datetime) -> bool:
    """Record a threshold as reached; False when it was before (V5: the constraint is the judge)."""
    row = {"task_id": vote.task_id, "version": terms.version, "yes": tally.yes, "no": tally.no, "at": at}
    return (await session.scalars(_CROSS, row)).one_or_none() is not None


async def key(session: AsyncSession, task_id: TaskId) -> SealedKey | None:
    """Read the sealed key of a vote."""
    asked = select(col(VoteRow.wrapped_key), col(VoteRow.key_version)).where(col(VoteRow.task_id) == task_id)
    found = (await session.execute(asked)).one_or_none()
    return None if found is None else SealedKey(found[0], found[1])


async def current_ballot(session: AsyncSession, task_id: TaskId, voter: Voter) -> CurrentBallot | None:
    """Read the ballot of one citizen that counts."""
    row = await session.get(CurrentBallotRow, (task_id, voter))
    return None if row is None else CurrentBallot(Choice(row.choice), row.cast_at)


def _open_vote(row: RowMapping) -> Vote:
    terms = Terms(row["rule_version"], row["rule_article"], row["more_than"], row["ballots_changeable"])
    task_id, title = TaskId(row["task_id"]), row["title"]
    return Vote(task_id, title, State.OPEN, row["opens_at"], row["closes_at"], row["scheduled_at"], terms)
