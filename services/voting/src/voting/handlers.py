"""What voting does, each in one transaction: schedule, open, count, close."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from townhall.chassis.db import Database, Transaction
from townhall.chassis.rules import Rules
from townhall.contracts import proposal, voting
from townhall.contracts.values import RuleUsed, TaskId
from townhall.rejected import Rejected
from voting import metrics
from voting.domain import vote as votes
from voting.domain.ballot import Ballot, CastBallot, Counted, CurrentBallot, NoBallot, Outcome
from voting.domain.counting import Count, CountingState, Crossing, count
from voting.domain.nullifier import Keyring, voter
from voting.domain.parameters import Parameters
from voting.domain.vote import NoSuchVote, Terms, Vote, VoteNotOpen
from voting.store import ballots as ballot_store
from voting.store import votes as vote_store
from voting.store.bulk_insert import BulkInsert

RULES = Rules(Parameters)
KEY_BYTES = 32


async def schedule_votes(tx: Transaction, tasks: Sequence[proposal.TaskSelected], keyring: Keyring) -> None:
    """Put selected tasks to the vote, each with a key of its own; open those whose time has come already."""
    planned: dict[TaskId, Vote] = {}
    for task in tasks:
        vote = votes.schedule(task.task_id, task.title, task.opens_at, task.closes_at, at=tx.now)
        planned.setdefault(vote.task_id, vote)
    keys = [keyring.seal(secrets.token_bytes(KEY_BYTES)) for _ in planned]
    added = await vote_store.add(tx.session, list(zip(planned.values(), keys, strict=True)))
    new = [vote for task_id, vote in planned.items() if task_id in added]
    for vote in new:
        tx.announce(voting.VoteScheduled(task_id=vote.task_id, opens_at=vote.opens_at, closes_at=vote.closes_at))
    metrics.VOTES.labels("scheduled").inc(len(new))
    await _open(tx, [vote for vote in new if vote.opens_at <= tx.now])


async def open_due_votes(tx: Transaction) -> int:
    """Open every vote whose time has come (V1)."""
    due = await vote_store.lock_to_open(tx.session)
    await _open(tx, due)
    return len(due)


async def _open(tx: Transaction, due: Sequence[Vote]) -> None:
    rules = {at: await RULES.in_force(tx.session, at) for at in {vote.governed_from for vote in due}}
    terms = {at: rule.parameters.terms(rule.version, rule.article) for at, rule in rules.items()}
    await vote_store.save(tx.session, *(votes.opened(vote, terms[vote.governed_from]) for vote in due))
    for vote in due:
        held_under = terms[vote.governed_from]
        opened = voting.VoteOpened(
            task_id=vote.task_id,
            closes_at=vote.closes_at,
            more_than=held_under.more_than,
            rule=_used(held_under),
        )
        tx.announce(opened)
    metrics.VOTES.labels("opened").inc(len(due))


async def close_due_votes(tx: Transaction) -> int:
    """Close every vote whose time is over by the database's clock (V1). Its totals are final."""
    due = await vote_store.lock_to_close(tx.session)
    await vote_store.save(tx.session, *(votes.closed(shown.vote) for shown in due))
    tx.announce(*(_closed(tx, shown) for shown in due))
    metrics.VOTES.labels("closed").inc(len(due))
    return len(due)


def _closed(tx: Transaction, shown: vote_store.Shown) -> voting.VoteClosed:
    if shown.vote.terms is None:
        raise VoteNotOpen
    return voting.VoteClosed(
        task_id=shown.vote.task_id,
        yes=shown.tally.yes,
        no=shown.tally.no,
        threshold_reached=shown.reached_at is not None,
        closed_at=tx.now,
        rule=_used(shown.vote.terms),
    )


async def count_first(first: BulkInsert, cast_ballots: Sequence[CastBallot]) -> list[Counted | None]:
    """Count the ballots that need no deciding, in a transaction of their own; None for each of the others."""
    times = await first.count(cast_ballots)
    return [
        Counted(Outcome.COUNTED, CurrentBallot(cast_ballot.choice, times[place])) if place in times else None
        for place, cast_ballot in enumerate(cast_ballots)
    ]


async def count_ballots(
    tx: Transaction, cast_ballots: Sequence[CastBallot], keyring: Keyring
) -> list[Counted | Rejected]:
    """Count ballots of any voters on any tasks, in their order; return what became of each, once this commits."""
    tasks = {cast_ballot.task_id for cast_ballot in cast_ballots}
    locked = await ballot_store.lock_open(tx.session, tasks, tx.now)
    refusal = await _refusals(tx, tasks.difference(locked.keys))
    keys = {task_id: keyring.open(sealed) for task_id, sealed in locked.keys.items()}
    named = [_ballot(keys[cast.task_id], cast) for cast in cast_ballots if cast.task_id in keys]
    answers = iter((await _count(tx, locked.state, named)).answers)
    return [
        next(answers) if cast_ballot.task_id in keys else refusal(cast_ballot.task_id) for cast_ballot in cast_ballots
    ]


def _ballot(key: bytes, cast: CastBallot) -> Ballot:
    return Ballot(cast.task_id, voter(key, cast.subject), cast.choice, cast.trace)


async def _count(tx: Transaction, state: CountingState, ballots: Sequence[Ballot]) -> Count:
    if not ballots:
        return Count()
    state.current_ballots = await ballot_store.current_ballots(tx.session, ballots)
    done = count(state, ballots)
    if done.accepted:
        await ballot_store.store(tx.session, state, done)
    for task_id, crossing in done.crossings.items():
        await _cross(tx, state, state.votes[task_id], crossing)
    return done


async def _cross(tx: Transaction, state: CountingState, vote: Vote, crossing: Crossing) -> None:
    """Record and announce that the threshold is reached: in the transaction of the ballot that reached it (V5)."""
    terms = votes.terms_at(vote, state.at)
    if not await ballot_store.cross(tx.session, vote, terms, crossing.tally, state.at):
        return
    reached = voting.ThresholdReached(
        task_id=vote.task_id,
        title=vote.title,
        yes=crossing.tally.yes,
        no=crossing.tally.no,
        more_than=terms.more_than,
        reached_at=state.at,
        rule=_used(terms),
    )
    tx.announce(reached, context=crossing.ballot.trace)
    metrics.THRESHOLDS.inc()


async def _refusals(tx: Transaction, tasks: Iterable[UUID]) -> Callable[[UUID], Rejected]:
    """Return what says why there is no open vote on a task."""
    wanted = set(tasks)
    known = await ballot_store.known(tx.session, wanted) if wanted else set()
    return lambda task_id: VoteNotOpen() if task_id in known else NoSuchVote()


async def own_ballot(db: Database, task_id: TaskId, subject: str, keyring: Keyring) -> CurrentBallot:
    """Return the ballot of the one who asks, and of nobody else."""
    async with db.reading() as session:
        sealed = await ballot_store.key(session, task_id)
        if sealed is None:
            raise NoSuchVote
        current_ballot = await ballot_store.current_ballot(session, task_id, voter(keyring.open(sealed), subject))
    if current_ballot is None:
        raise NoBallot
    return current_ballot


async def vote_shown(db: Database, task_id: TaskId) -> vote_store.Shown:
    """Return a vote with its totals as anyone may see them."""
    async with db.reading() as session:
        shown = await vote_store.shown(session, task_id)
    if shown is None:
        raise NoSuchVote
    return shown


def _used(terms: Terms) -> RuleUsed:
    return RuleUsed(version=terms.version, article=terms.article)
