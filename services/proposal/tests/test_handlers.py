"""Submission, support, selection and referral over PostgreSQL: what is stored and announced, also in parallel."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from proposal.domain.lifecycle import Move, NoSuchProposal, Proposal, State
from proposal.domain.referral import AlreadyReferred
from proposal.domain.screening import Verdict
from proposal.domain.selection import NoSuchTask, ProposalNotAdmitted, ProposalUnknown, Task
from proposal.domain.submission import PartOfTask, TooManyProposals
from proposal.domain.support import NotOpenToSupport
from proposal.handlers.proposals import submit_proposal, withdraw_proposal
from proposal.handlers.screenings import screen_proposal
from proposal.handlers.supports import add_support, withdraw_support
from proposal.handlers.tasks import refer_task, select_task
from proposal.store import tasks
from proposal.store.rules import RULES
from services.proposal.tests.harness import (
    ADMIT,
    DRAFT,
    MINA,
    OFFICER,
    UNKNOWN,
    WORDING,
    ProposalHarness,
    caller,
)
from services.proposal.tests.samples import parameters
from townhall.chassis.db import Transaction
from townhall.contracts.values import TaskId
from townhall.rejected import Rejected


async def test_submission_is_stored_and_announced(harness: ProposalHarness) -> None:
    """P1, P17: the event names the due date and the rule, and nothing of the author."""
    proposal = await harness.submitted()
    assert await harness.read(proposal.id) == proposal
    [(kind, key, body)] = await harness.announced()
    assert (kind, key) == ("proposal.submitted.v1", str(proposal.id))
    assert body["rule"]["version"] == 1
    assert body["acted_by"] == "citizen"
    assert MINA.person not in str(body)
    assert proposal.screening_due_at == proposal.submitted_at + timedelta(days=parameters().screening_days)


async def test_the_quota_holds_for_parallel_submissions(harness: ProposalHarness) -> None:
    """P2: of 13 parallel submissions exactly the quota is accepted; another citizen has a quota of their own."""
    outcomes = await asyncio.gather(*(harness.submitted() for _ in range(13)), return_exceptions=True)
    assert sum(isinstance(outcome, Proposal) for outcome in outcomes) == parameters().proposals_a_day
    assert sum(isinstance(outcome, TooManyProposals) for outcome in outcomes) == 3
    await harness.submitted(caller("jun"))


async def test_the_quota_ends_after_a_day(harness: ProposalHarness) -> None:
    """P2: submissions older than 24 hours don't count."""
    for _ in range(parameters().proposals_a_day):
        await harness.submitted()
    await harness.execute("UPDATE proposal SET submitted_at = submitted_at - interval '24 hours'")
    await harness.submitted()


async def test_supports_are_counted_once_each(harness: ProposalHarness) -> None:
    """P10: eight citizens who each send several supports in parallel are counted as eight."""
    proposal = await harness.submitted()
    many = [caller(f"citizen-{each % 8}") for each in range(40)]
    await asyncio.gather(*(harness.run(add_support, proposal.id, each) for each in many))
    await harness.run(withdraw_support, proposal.id, many[0])
    await harness.run(withdraw_support, proposal.id, many[0])
    async with harness.db.reading() as session:
        recount = (await session.execute(text("SELECT count(*) FROM support"))).scalar_one()
    assert (await harness.read(proposal.id)).supports == recount == 7


async def test_a_repeated_support_is_accepted_in_any_state(harness: ProposalHarness) -> None:
    """P10: after a rejection a repeated support is accepted, a new one refused, and a withdrawal possible."""
    proposal = await harness.submitted()
    await harness.run(add_support, proposal.id, MINA)
    await harness.run(screen_proposal, proposal.id, Verdict(Move.REJECT, "already-done"), OFFICER)
    assert (await harness.run(add_support, proposal.id, MINA)).supports == 1
    with pytest.raises(NotOpenToSupport):
        await harness.run(add_support, proposal.id, caller("jun"))
    assert (await harness.run(withdraw_support, proposal.id, MINA)).supports == 0


async def test_a_task_keeps_its_proposals_and_its_rule(harness: ProposalHarness) -> None:
    """P11, P12: a later rule version doesn't change a task, and each of its proposals names the task."""
    first, second = await harness.admitted(), await harness.admitted()
    task = await harness.selected(second.id, first.id)
    await harness.run(RULES.enact, "개정 규정", parameters(voting_days=3), None)
    async with harness.db.reading() as session:
        record = await tasks.get(session, task.id)
    assert record is not None
    assert record.task == task
    assert record.task.draft.proposal_ids == (second.id, first.id)
    assert (await harness.read(first.id)).task_ids == (task.id,)
    event = (await harness.announced())[-1]
    assert (event.type, event.key, event.body["rule"]["version"]) == ("proposal.task-selected.v1", str(task.id), 1)
    assert (await harness.selected(first.id)).rule.version == 2
    assert len((await harness.read(first.id)).task_ids) == 2


async def test_parallel_selection_and_withdrawal(harness: ProposalHarness) -> None:
    """P9, P11: either the proposal is selected or it is withdrawn, never both."""
    proposal = await harness.admitted()
    outcomes = await asyncio.gather(
        harness.selected(proposal.id), harness.run(withdraw_proposal, proposal.id, MINA), return_exceptions=True
    )
    kinds = {type(outcome) for outcome in outcomes}
    assert kinds in ({Task, PartOfTask}, {ProposalNotAdmitted, Proposal})
    assert bool((await harness.read(proposal.id)).task_ids) == (Task in kinds)


async def test_withdrawal_is_announced(harness: ProposalHarness) -> None:
    """P9: a withdrawal is stored and announced."""
    proposal = await harness.admitted()
    await harness.run(withdraw_proposal, proposal.id, MINA)
    assert (await harness.read(proposal.id)).state is State.WITHDRAWN
    assert (await harness.announced())[-1].type == "proposal.withdrawn.v1"


@pytest.mark.parametrize(
    ("handler", "refusal"),
    [
        (lambda tx: select_task(tx, replace(DRAFT, proposal_ids=(UNKNOWN,))), ProposalUnknown),
        (lambda tx: refer_task(tx, TaskId(UNKNOWN), "urgent", ""), NoSuchTask),
        (lambda tx: add_support(tx, UNKNOWN, MINA), NoSuchProposal),
        (lambda tx: screen_proposal(tx, UNKNOWN, ADMIT, OFFICER), NoSuchProposal),
    ],
)
async def test_unknown_ids(
    harness: ProposalHarness, handler: Callable[[Transaction], Awaitable[object]], refusal: type[Rejected]
) -> None:
    """A handler refuses an unknown id."""
    with pytest.raises(refusal):
        await harness.run(handler)


async def test_parallel_referrals(harness: ProposalHarness) -> None:
    """P13: of five parallel referrals of a task one is accepted and announced."""
    task = await harness.selected((await harness.admitted()).id)
    referrals = (harness.run(refer_task, task.id, "urgent", "") for _ in range(5))
    outcomes = await asyncio.gather(*referrals, return_exceptions=True)
    assert sum(isinstance(outcome, Task) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, AlreadyReferred) for outcome in outcomes) == 4
    assert [each.type for each in await harness.announced()].count("proposal.task-referred.v1") == 1


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE proposal SET merged_into = id, state = 'merged'", "p7_not_merged_into_itself"),
        ("UPDATE proposal SET state = 'merged'", "p7_merged_has_target"),
        ("UPDATE proposal SET supports = -1", "p10_supports_not_negative"),
        ("INSERT INTO support SELECT id, author, now() FROM proposal, generate_series(1, 2)", "p10_one_support"),
        ("INSERT INTO lineage SELECT task_id, proposal_id, 1 FROM lineage", "p11_named_once_per_task"),
        ("UPDATE task SET opens_at = selected_at - interval '1 s'", "p12_opens_after_selection"),
        ("UPDATE task SET closes_at = opens_at", "p12_closes_after_opening"),
        (
            "INSERT INTO referral SELECT id, 'urgent', '', 'officer', now() FROM task, generate_series(1, 2)",
            "p13_one_referral_per_task",
        ),
    ],
)
async def test_constraints(harness: ProposalHarness, statement: str, constraint: str) -> None:
    """P7, P10 to P13: the database refuses what breaks a rule over a whole table."""
    await harness.selected((await harness.admitted()).id)
    with pytest.raises(IntegrityError, match=constraint):
        await harness.execute(statement)


async def test_metrics_count_after_the_commit(harness: ProposalHarness) -> None:
    """A submission is counted when its transaction commits, and not when it is rolled back."""
    before = _submissions()

    async def submit_and_fail(tx: Transaction) -> None:
        await submit_proposal(tx, WORDING, MINA)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await harness.run(submit_and_fail)
    assert _submissions() == before
    await harness.submitted()
    assert _submissions() == before + 1


def _submissions() -> float:
    return REGISTRY.get_sample_value("proposal_submissions_total", {"role": "citizen"}) or 0.0
