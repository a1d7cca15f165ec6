"""Ballots: lock the votes, read current ballots, store accepted ones. A few statements, whatever the group's size."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from townhall.contracts.values import TaskId
from voting.domain.ballot import Ballot, Choice, CurrentBallot, VoterHash
from voting.domain.counting import Count, CountingState
from voting.domain.tally import Tally
from voting.domain.vote import State, Terms, Vote
from voting.domain.voter_keys import SealedKey
from voting.store.tables import CurrentBallotRow, VoteRow

# These are SQL texts because SQLAlchemy expressions don't show unnest(), ordinality and chained inserts clearly.
#
# The rows stay locked until the commit. All transactions lock in the order of task_id, so they can't deadlock; groups
# with a task in common run one after the other, and closing waits for them. A vote whose time is over is not locked, so
# late ballots can't delay its closing. The outer SELECT is evaluated after the locks were granted: `at` is read then.
_LOCK = text("""
    WITH locked AS MATERIALIZED (
        SELECT vote.task_id, vote.id, vote.title, vote.opens_at, vote.closes_at, vote.scheduled_at,
            vote.rule_version, vote.rule_article, vote.more_than, vote.ballots_changeable,
            vote.wrapped_key, vote.key_version, tally.yes, tally.no, tally.reached_at
        FROM vote JOIN tally USING (task_id)
        WHERE task_id = ANY(CAST(:tasks AS uuid[])) AND state = 'open' AND clock_timestamp() < closes_at
        ORDER BY task_id
        FOR NO KEY UPDATE OF vote, tally
    )
    SELECT task_id, id, title, opens_at, closes_at, scheduled_at, rule_version, rule_article, more_than,
        ballots_changeable, wrapped_key, key_version, yes, no, reached_at, clock_timestamp() AS at
    FROM locked
""")
_CURRENT = text("""
    SELECT vote_id, voter, choice, cast_at
    FROM unnest(CAST(:votes AS int[]), CAST(:voters AS bytea[])) AS wanted (vote_id, voter)
    JOIN current_ballot USING (vote_id, voter)
""")
# Of several accepted ballots of a citizen the last one is the current one. The database moves the row that it updates
# to `replaced_ballot` (see the migrations).
_STORE = text("""
    WITH accepted AS MATERIALIZED (
        SELECT nextval('ballot_id') AS id, vote_id, voter, choice
        FROM unnest(CAST(:votes AS int[]), CAST(:voters AS bytea[]), CAST(:choices AS boolean[]))
        AS accepted (vote_id, voter, choice)
    ), ordered AS MATERIALIZED (
        SELECT id, vote_id, voter, choice, id = max(id) OVER (PARTITION BY vote_id, voter) AS last FROM accepted
    ), current AS (
        INSERT INTO current_ballot (id, cast_at, vote_id, choice, voter)
        SELECT id, :at, vote_id, choice, voter FROM ordered WHERE last ORDER BY id
        ON CONFLICT ON CONSTRAINT v3_one_ballot_per_citizen
        DO UPDATE SET id = EXCLUDED.id, cast_at = EXCLUDED.cast_at, choice = EXCLUDED.choice
    ), replaced AS (
        INSERT INTO replaced_ballot (id, cast_at, vote_id, choice, voter)
        SELECT id, :at, vote_id, choice, voter FROM ordered WHERE NOT last ORDER BY id
    )
    UPDATE tally SET yes = total.yes, no = total.no
    FROM unnest(CAST(:counted AS uuid[]), CAST(:yes AS int[]), CAST(:no AS int[])) AS total (task_id, yes, no)
    WHERE tally.task_id = total.task_id
""")
_ADD_CROSSING = text("""
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
class LockedVotes:
    """Open votes, locked until the end of the transaction."""

    state: CountingState
    ids: Mapping[TaskId, int]
    """The ids of the votes, under which their ballots are stored."""
    keys: Mapping[TaskId, SealedKey]
    """The keys of their voters' pseudonyms."""


async def lock_open_votes(session: AsyncSession, tasks: Collection[UUID], began: datetime) -> LockedVotes:
    """Lock the votes on these tasks that are open now.

    The state's `at` is the time when the last lock was granted, or `began` if none is open.
    """
    rows = (await session.execute(_LOCK, {"tasks": sorted(tasks)})).mappings().all()
    state = CountingState(
        at=max((row["at"] for row in rows), default=began),
        votes={row["task_id"]: _open_vote(row) for row in rows},
        tallies={row["task_id"]: Tally(row["yes"], row["no"]) for row in rows},
        reached={row["task_id"] for row in rows if row["reached_at"] is not None},
    )
    return LockedVotes(
        state,
        ids={row["task_id"]: row["id"] for row in rows},
        keys={row["task_id"]: SealedKey(row["wrapped_key"], row["key_version"]) for row in rows},
    )


async def tasks_with_votes(session: AsyncSession, tasks: Collection[UUID]) -> set[UUID]:
    """Return those of the tasks on which a vote was scheduled, whatever its state."""
    found = select(col(VoteRow.task_id)).where(col(VoteRow.task_id).in_(tasks))
    return set((await session.scalars(found)).all())


async def current_ballots(
    session: AsyncSession, ids: Mapping[TaskId, int], ballots: Sequence[Ballot]
) -> dict[tuple[TaskId, VoterHash], CurrentBallot]:
    """Return the current ballots of the citizens who cast these ballots; those who have none are left out.

    `ids` are the ids of the votes.
    """
    wanted = {"votes": [ids[each.task_id] for each in ballots], "voters": [each.voter for each in ballots]}
    tasks = {vote_id: task_id for task_id, vote_id in ids.items()}
    found = await session.execute(_CURRENT, wanted)
    return {(tasks[vote_id], voter): CurrentBallot(_choice(yes), at) for vote_id, voter, yes, at in found}


async def store(session: AsyncSession, locked: LockedVotes, result: Count) -> None:
    """Store the accepted ballots and the totals."""
    state = locked.state
    counted = {ballot.task_id: state.tallies[ballot.task_id] for ballot in result.accepted}
    parameters: dict[str, Any] = {
        "votes": [locked.ids[ballot.task_id] for ballot in result.accepted],
        "voters": [ballot.voter for ballot in result.accepted],
        "choices": [ballot.choice is Choice.YES for ballot in result.accepted],
        "at": state.at,
        "counted": list(counted),
        "yes": [tally.yes for tally in counted.values()],
        "no": [tally.no for tally in counted.values()],
    }
    await session.execute(_STORE, parameters)


async def add_crossing(session: AsyncSession, vote: Vote, terms: Terms, tally: Tally, at: datetime) -> bool:
    """Record that the threshold was reached. Returns False if it was recorded before (V5, by the constraint)."""
    row = {"task_id": vote.task_id, "version": terms.version, "yes": tally.yes, "no": tally.no, "at": at}
    return (await session.scalars(_ADD_CROSSING, row)).one_or_none() is not None


async def sealed_key(session: AsyncSession, task_id: TaskId) -> SealedKey | None:
    """Return the wrapped key of the vote on a task; None if there is no vote."""
    query = select(col(VoteRow.wrapped_key), col(VoteRow.key_version)).where(col(VoteRow.task_id) == task_id)
    found = (await session.execute(query)).one_or_none()
    return None if found is None else SealedKey(found[0], found[1])


async def current_ballot(session: AsyncSession, task_id: TaskId, voter: VoterHash) -> CurrentBallot | None:
    """Return the current ballot of one citizen; None if they have not voted."""
    vote_id = select(col(VoteRow.id)).where(col(VoteRow.task_id) == task_id).scalar_subquery()
    query = select(col(CurrentBallotRow.choice), col(CurrentBallotRow.cast_at)).where(
        col(CurrentBallotRow.vote_id) == vote_id, col(CurrentBallotRow.voter) == voter
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else CurrentBallot(_choice(row[0]), row[1])


def _choice(yes: bool) -> Choice:  # noqa: FBT001  the value of a column
    return Choice.YES if yes else Choice.NO


def _open_vote(row: RowMapping) -> Vote:
    terms = Terms(row["rule_version"], row["rule_article"], row["more_than"], row["ballots_changeable"])
    task_id, title = TaskId(row["task_id"]), row["title"]
    return Vote(task_id, title, State.OPEN, row["opens_at"], row["closes_at"], row["scheduled_at"], terms)
