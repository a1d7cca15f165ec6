"""Submission, support, selection and referral on real PostgreSQL: what is stored and announced, and several at once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from proposal import handlers
from proposal.domain.lifecycle import Move, NoSuchProposal, Proposal, State
from proposal.domain.referral import AlreadyReferred
from proposal.domain.screening import Verdict
from proposal.domain.selection import NoSuchTask, ProposalNotAdmitted, ProposalUnknown, Task
from proposal.domain.submission import PartOfTask, TooManyProposals
from proposal.domain.support import NotOpenToSupport
from proposal.store import tasks
from services.proposal.tests.harness import ADMIT, DRAFT, MINA, OFFICER, UNKNOWN, ProposalHarness, caller
from services.proposal.tests.samples import parameters
from townhall.chassis.db import Transaction
from townhall.contracts.values import TaskId
from townhall.rejected import Rejected


async def test_submission_is_stored_and_announced(harness: ProposalHarness) -> None:
    """P1: the event names the due date and the rule, and nothing of the author."""
    made = await harness.submitted()
    assert await harness.read(made.id) == made
    [(kind, key, said)] = await harness.announced()
    assert (kind, key) == ("proposal.submitted.v1", str(made.id))
    assert said["rule"]["version"] == 1
    assert said["acted_by"] == "citizen"
    assert MINA.person not in str(said)
    assert made.screening_due_at == made.submitted_at + timedelta(days=parameters().screening_days)


async def test_quota_holds_when_all_come_at_once(harness: ProposalHarness) -> None:
    """P2: however many come at once, the quota is exact; another citizen is not concerned."""
    outcomes = await asyncio.gather(*(harness.submitted() for _ in range(13)), return_exceptions=True)
    assert sum(isinstance(outcome, Proposal) for outcome in outcomes) == parameters().proposals_a_day
    assert sum(isinstance(outcome, TooManyProposals) for outcome in outcomes) == 3
    await harness.submitted(caller("jun"))


async def test_quota_forgets_after_a_day(harness: ProposalHarness) -> None:
    """P2: what is older than 24 hours doesn't count."""
    for _ in range(parameters().proposals_a_day):
        await harness.submitted()
    await harness.run("UPDATE proposal SET submitted_at = submitted_at - interval '24 hours'")
    await harness.submitted()


async def test_supports_are_counted_once_each(harness: ProposalHarness) -> None:
    """P10: eight supporters, each several times at once, are eight; the count equals a recount."""
    made = await harness.submitted()
    many = [caller(f"citizen-{each % 8}") for each in range(40)]
    await asyncio.gather(*(harness.do(handlers.support_proposal, made.id, who) for who in many))
    await harness.do(handlers.unsupport_proposal, made.id, many[0])
    await harness.do(handlers.unsupport_proposal, made.id, many[0])
    async with harness.db.reading() as session:
        recount = (await session.execute(text("SELECT count(*) FROM support"))).scalar_one()
    assert (await harness.read(made.id)).supports == recount == 7


async def test_support_given_is_confirmed_after_it_closed(harness: ProposalHarness) -> None:
    """P10: a retry is answered as the first time, new support is refused, and stepping back is always possible."""
    made = await harness.submitted()
    await harness.do(handlers.support_proposal, made.id, MINA)
    await harness.do(handlers.screen_proposal, made.id, Verdict(Move.REJECT, "already-done"), OFFICER)
    assert (await harness.do(handlers.support_proposal, made.id, MINA)).supports == 1
    with pytest.raises(NotOpenToSupport):
        await harness.do(handlers.support_proposal, made.id, caller("jun"))
    assert (await harness.do(handlers.unsupport_proposal, made.id, MINA)).supports == 0


async def test_task_keeps_its_lineage_and_its_rule(harness: ProposalHarness) -> None:
    """P11, P12: a later rule version changes nothing about it, and its proposals know of it."""
    first, second = await harness.admitted(), await harness.admitted()
    task = await harness.selected(second.id, first.id)
    await harness.do(handlers.RULES.enact, "개정 규정", parameters(voting_days=3), None)
    async with harness.db.reading() as session:
        task_record = await tasks.found(session, task.id)
    assert task_record is not None
    assert task_record.task == task
    assert task_record.task.draft.proposal_ids == (second.id, first.id)
    assert (await harness.read(first.id)).task_ids == (task.id,)
    said = (await harness.announced())[-1]
    assert (said.type, said.key, said.said["rule"]["version"]) == ("proposal.task-selected.v1", str(task.id), 1)
    assert (await harness.selected(first.id)).rule.version == 2
    assert len((await harness.read(first.id)).task_ids) == 2


async def test_selection_and_withdrawal_at_once(harness: ProposalHarness) -> None:
    """P9, P11: either the task has its proposal or the author has it back, never both."""
    made = await harness.admitted()
    outcomes = await asyncio.gather(
        harness.selected(made.id), harness.do(handlers.withdraw_proposal, made.id, MINA), return_exceptions=True
    )
    kinds = {type(outcome) for outcome in outcomes}
    assert kinds in ({Task, PartOfTask}, {ProposalNotAdmitted, Proposal})
    assert bool((await harness.read(made.id)).task_ids) == (Task in kinds)


async def test_withdrawal_is_announced(harness: ProposalHarness) -> None:
    """P9: what its author took back is stored and told."""
    made = await harness.admitted()
    await harness.do(handlers.withdraw_proposal, made.id, MINA)
    assert (await harness.read(made.id)).state is State.WITHDRAWN
    assert (await harness.announced())[-1].type == "proposal.withdrawn.v1"


@pytest.mark.parametrize(
    ("act", "refusal"),
    [
        (lambda tx: handlers.select_task(tx, replace(DRAFT, proposal_ids=(UNKNOWN,))), ProposalUnknown),
        (lambda tx: handlers.refer_task(tx, TaskId(UNKNOWN), "urgent", ""), NoSuchTask),
        (lambda tx: handlers.support_proposal(tx, UNKNOWN, MINA), NoSuchProposal),
        (lambda tx: handlers.screen_proposal(tx, UNKNOWN, ADMIT, OFFICER), NoSuchProposal),
    ],
)
async def test_unknown_ids(
    harness: ProposalHarness, act: Callable[[Transaction], Awaitable[object]], refusal: type[Rejected]
) -> None:
    """Nothing happens to what isn't there."""
    with pytest.raises(refusal):
        await harness.do(act)


async def test_referral_once_when_all_come_at_once(harness: ProposalHarness) -> None:
    """P13: five officers refer the same task; it is referred once, and says so once."""
    task = await harness.selected((await harness.admitted()).id)
    acts = (harness.do(handlers.refer_task, task.id, "urgent", "") for _ in range(5))
    outcomes = await asyncio.gather(*acts, return_exceptions=True)
    assert sum(isinstance(outcome, Task) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, AlreadyReferred) for outcome in outcomes) == 4
    assert [each.type for each in await harness.announced()].count("proposal.task-referred.v1") == 1


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE proposal SET merged_into = id, state = 'merged'", "p7_never_into_itself"),
        ("UPDATE proposal SET state = 'merged'", "p7_merged_names_the_other"),
        ("UPDATE proposal SET supports = -1", "p10_no_support_below_none"),
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
async def test_the_database_is_the_last_judge(harness: ProposalHarness, statement: str, constraint: str) -> None:
    """P7, P10-P13: rules over a table hold whatever the code does."""
    await harness.selected((await harness.admitted()).id)
    with pytest.raises(IntegrityError, match=constraint):
        await harness.run(statement)
