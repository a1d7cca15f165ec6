"""Votes: schedule, open and close them."""

import secrets
from collections.abc import Sequence
from functools import partial

from townhall.chassis.db import Transaction
from townhall.contracts import proposal
from townhall.contracts import voting as events
from townhall.contracts.values import TaskId
from voting import metrics
from voting.domain import vote as domain
from voting.domain.vote import Vote, VoteNotOpen
from voting.domain.voter_keys import Keyring
from voting.store import votes
from voting.store.rules import RULES
from voting.store.votes import VoteDetails

KEY_BYTES = 32


async def schedule_votes(tx: Transaction, tasks: Sequence[proposal.TaskSelected], keyring: Keyring) -> None:
    """Schedule a vote, with a new key, on each task that has none; open those that are due (V1).

    Raises `EmptyPeriod`, and then schedules none.
    """
    planned: dict[TaskId, Vote] = {}
    for task in tasks:
        vote = domain.schedule(task.task_id, task.title, task.opens_at, task.closes_at, at=tx.now)
        planned.setdefault(vote.task_id, vote)
    keys = [keyring.seal(secrets.token_bytes(KEY_BYTES)) for _ in planned]
    added = await votes.add(tx.session, list(zip(planned.values(), keys, strict=True)))
    new = [vote for task_id, vote in planned.items() if task_id in added]
    for vote in new:
        tx.announce(events.VoteScheduled(task_id=vote.task_id, opens_at=vote.opens_at, closes_at=vote.closes_at))
    tx.on_commit(partial(metrics.MOVES.labels("scheduled").inc, len(new)))
    await _open(tx, [vote for vote in new if vote.opens_at <= tx.now])


async def open_due_votes(tx: Transaction) -> int:
    """Open votes whose opening time has passed (V1); return how many. More may be due."""
    due = await votes.lock_to_open(tx.session)
    await _open(tx, due)
    return len(due)


async def _open(tx: Transaction, due: Sequence[Vote]) -> None:
    versions = {at: await RULES.in_force(tx.session, at) for at in {vote.governed_from for vote in due}}
    terms = {at: rule.parameters.terms(rule.version, rule.article) for at, rule in versions.items()}
    await votes.save(tx.session, *(domain.opened(vote, terms[vote.governed_from]) for vote in due))
    for vote in due:
        held_under = terms[vote.governed_from]
        opened = events.VoteOpened(
            task_id=vote.task_id, closes_at=vote.closes_at, more_than=held_under.more_than, rule=held_under.used
        )
        tx.announce(opened)
    tx.on_commit(partial(metrics.MOVES.labels("opened").inc, len(due)))


async def close_due_votes(tx: Transaction) -> int:
    """Close votes whose closing time has passed by the database's clock (V1); return how many. More may be due."""
    due = await votes.lock_to_close(tx.session)
    await votes.save(tx.session, *(domain.closed(details.vote) for details in due))
    tx.announce(*(_closed(tx, details) for details in due))
    tx.on_commit(partial(metrics.MOVES.labels("closed").inc, len(due)))
    return len(due)


def _closed(tx: Transaction, details: VoteDetails) -> events.VoteClosed:
    if details.vote.terms is None:
        raise VoteNotOpen
    return events.VoteClosed(
        task_id=details.vote.task_id,
        yes=details.tally.yes,
        no=details.tally.no,
        threshold_reached=details.reached_at is not None,
        closed_at=tx.now,
        rule=details.vote.terms.used,
    )
