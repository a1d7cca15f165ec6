"""Ballots: count groups of them, and announce a threshold that is reached."""

from collections.abc import Callable, Collection, Mapping, Sequence
from uuid import UUID

from structlog import get_logger

from townhall.chassis.db import Transaction
from townhall.contracts import voting as events
from townhall.contracts.values import TaskId
from townhall.rejected import Rejected
from voting import metrics
from voting.domain.ballot import Ballot, CastBallot, Counted
from voting.domain.counting import Count, CountingState, Crossing, count
from voting.domain.vote import NoSuchVote, Vote, VoteNotOpen, terms_at
from voting.domain.voter_keys import Keyring, MasterKeyUnknown, SealedKey, voter_hash
from voting.store import ballots
from voting.store.ballots import LockedVotes
from voting.store.bulk_insert import BulkInsert

log = get_logger()


async def count_in_bulk(bulk_insert: BulkInsert, cast_ballots: Sequence[CastBallot]) -> list[Counted | None]:
    """Count ballots in one statement, committed on return; None for each ballot that is left to the rules."""
    answers = await bulk_insert.count(cast_ballots)
    return [answers.get(index) for index in range(len(cast_ballots))]


async def count_ballots(
    tx: Transaction, cast_ballots: Sequence[CastBallot], keyring: Keyring
) -> list[Counted | Rejected]:
    """Count ballots, in order, of any citizens on any tasks; return the answer to each, valid once `tx` commits.

    A vote whose key can't be unwrapped has its ballots refused, and the others aren't affected.
    """
    tasks = {cast_ballot.task_id for cast_ballot in cast_ballots}
    locked = await ballots.lock_open_votes(tx.session, tasks, tx.now)
    refusal = await _refusals(tx, tasks.difference(locked.keys))
    keys = _keys(keyring, locked.keys)
    unavailable = locked.keys.keys() - keys.keys()
    countable = [_ballot(keys[cast.task_id], cast) for cast in cast_ballots if cast.task_id in keys]
    answers = iter((await _count(tx, locked, countable)).answers)
    return [
        next(answers)
        if cast_ballot.task_id in keys
        else MasterKeyUnknown()
        if cast_ballot.task_id in unavailable
        else refusal(cast_ballot.task_id)
        for cast_ballot in cast_ballots
    ]


def _keys(keyring: Keyring, sealed_keys: Mapping[TaskId, SealedKey]) -> dict[TaskId, bytes]:
    """Return the keys that can be unwrapped."""
    keys: dict[TaskId, bytes] = {}
    for task_id, sealed in sealed_keys.items():
        try:
            keys[task_id] = keyring.open(sealed)
        except MasterKeyUnknown:
            log.error("vote_key_unavailable", task_id=str(task_id), key_version=sealed.version)  # noqa: TRY400  said whole
    return keys


def _ballot(key: bytes, cast: CastBallot) -> Ballot:
    return Ballot(cast.task_id, voter_hash(key, cast.subject), cast.choice, cast.trace)


async def _count(tx: Transaction, locked: LockedVotes, countable: Sequence[Ballot]) -> Count:
    if not countable:
        return Count()
    state = locked.state
    state.current_ballots = await ballots.current_ballots(tx.session, locked.ids, countable)
    result = count(state, countable)
    if result.accepted:
        await ballots.store(tx.session, locked, result)
    for task_id, crossing in result.crossings.items():
        await _threshold_reached(tx, state, state.votes[task_id], crossing)
    return result


async def _threshold_reached(tx: Transaction, state: CountingState, vote: Vote, crossing: Crossing) -> None:
    """Record and announce a reached threshold, in the transaction of the ballot that reached it (V5)."""
    terms = terms_at(vote, state.at)
    if not await ballots.add_crossing(tx.session, vote, terms, crossing.tally, state.at):
        return
    reached = events.ThresholdReached(
        task_id=vote.task_id,
        title=vote.title,
        yes=crossing.tally.yes,
        no=crossing.tally.no,
        more_than=terms.more_than,
        reached_at=state.at,
        rule=terms.used,
    )
    tx.announce(reached, context=crossing.ballot.trace)
    tx.on_commit(metrics.THRESHOLDS.inc)


async def _refusals(tx: Transaction, tasks: Collection[UUID]) -> Callable[[UUID], Rejected]:
    """Return a function from a task without an open vote to the refusal of its ballots."""
    scheduled = await ballots.tasks_with_votes(tx.session, tasks) if tasks else set()
    return lambda task_id: VoteNotOpen() if task_id in scheduled else NoSuchVote()
