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
from services.proposal.tests.bench import ADMIT, DRAFT, MINA, OFFICER, UNKNOWN, Bench, caller
from services.proposal.tests.samples import parameters
from townhall.chassis.db import Transaction
from townhall.contracts.values import TaskId
from townhall.rejected import Rejected


async def test_submission_is_stored_and_announced(bench: Bench) -> None:
    """P1: the event names the due date and the rule, and nothing of the author."""
    made = await bench.submitted()
    assert await bench.read(made.id) == made
    [(kind, key, said)] = await bench.announced()
    assert (kind, key) == ("proposal.submitted.v1", str(made.id))
    assert said["rule"]["version"] == 1
    assert said["acted_by"] == "citizen"
    assert MINA.person not in str(said)
    assert made.screening_due_at == made.submitted_at + timedelta(days=parameters().screening_days)


async def test_quota_holds_when_all_come_at_once(bench: Bench) -> None:
    """P2: however many come at once, the quota is exact; another citizen is not concerned."""
    outcomes = await asyncio.gather(*(bench.submitted() for _ in range(13)), return_exceptions=True)
    assert sum(isinstance(outcome, Proposal) for outcome in outcomes) == parameters().proposals_a_day
    assert sum(isinstance(outcome, TooManyProposals) for outcome in outcomes) == 3
    await bench.submitted(caller("jun"))


async def test_quota_forgets_after_a_day(bench: Bench) -> None:
    """P2: what is older than 24 hours doesn't count."""
    for _ in range(parameters().proposals_a_day):
        await bench.submitted()
    await bench.run("UPDATE proposal SET submitted_at = submitted_at - interval '24 hours'")
    await bench.submitted()


async def test_supports_are_counted_once_each(bench: Bench) -> None:
    """P10: eight supporters, each several times at once, are eight; the count equals a recount."""
    made = await bench.submitted()
    many = [caller(f"citizen-{each % 8}") for each in range(40)]
    await asyncio.gather(*(bench.do(handlers.support_proposal, made.id, who) for who in many))
    await bench.do(handlers.unsupport_proposal, made.id, many[0])
    await bench.do(handlers.unsupport_proposal, made.id, many[0])
    async with bench.db.reading() as session:
        recount = (await session.execute(text("SELECT count(*) FROM support"))).scalar_one()
    assert (await bench.read(made.id)).supports == recount == 7


async def test_support_given_is_confirmed_after_it_closed(bench: Bench) -> None:
    """P10: a retry is answered as the first time, new support is refused, and stepping back is always possible."""
    made = await bench.submitted()
    await bench.do(handlers.support_proposal, made.id, MINA)
    await bench.do(handlers.screen_proposal, made.id, Verdict(Move.REFUSE, "already-done"), OFFICER)
    assert (await bench.do(handlers.support_proposal, made.id, MINA)).supports == 1
    with pytest.raises(NotOpenToSupport):
        await bench.do(handlers.support_proposal, made.id, caller("jun"))
    assert (await bench.do(handlers.unsupport_proposal, made.id, MINA)).supports == 0


async def test_task_keeps_its_lineage_and_its_rule(bench: Bench) -> None:
    """P11, P12: a later rule version changes nothing about it, and its proposals know of it."""
    first, second = await bench.admitted(), await bench.admitted()
    task = await bench.selected(second.id, first.id)
    await bench.do(handlers.RULES.enact, "개정 규정", parameters(voting_days=3), None)
    async with bench.db.reading() as session:
        standing = await tasks.found(session, task.id)
    assert standing is not None
    assert standing.task == task
    assert standing.task.draft.proposal_ids == (second.id, first.id)
    assert (await bench.read(first.id)).task_ids == (task.id,)
    said = (await bench.announced())[-1]
    assert (said.type, said.key, said.said["rule"]["version"]) == ("proposal.task-selected.v1", str(task.id), 1)
    assert (await bench.selected(first.id)).rule.version == 2
    assert len((await bench.read(first.id)).task_ids) == 2


async def test_selection_and_withdrawal_at_once(bench: Bench) -> None:
    """P9, P11: either the task has its proposal or the author has it back, never both."""
    made = await bench.admitted()
    outcomes = await asyncio.gather(
        bench.selected(made.id), bench.do(handlers.withdraw_proposal, made.id, MINA), return_exceptions=True
    )
    kinds = {type(outcome) for outcome in outcomes}
    assert kinds in ({Task, PartOfTask}, {ProposalNotAdmitted, Proposal})
    assert bool((await bench.read(made.id)).task_ids) == (Task in kinds)


async def test_withdrawal_is_announced(bench: Bench) -> None:
    """P9: what its author took back is stored and told."""
    made = await bench.admitted()
    await bench.do(handlers.withdraw_proposal, made.id, MINA)
    assert (await bench.read(made.id)).state is State.WITHDRAWN
    assert (await bench.announced())[-1].type == "proposal.withdrawn.v1"


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
    bench: Bench, act: Callable[[Transaction], Awaitable[object]], refusal: type[Rejected]
) -> None:
    """Nothing happens to what isn't there."""
    with pytest.raises(refusal):
        await bench.do(act)


async def test_referral_once_when_all_come_at_once(bench: Bench) -> None:
    """P13: five officers refer the same task; it is referred once, and says so once."""
    task = await bench.selected((await bench.admitted()).id)
    acts = (bench.do(handlers.refer_task, task.id, "urgent", "") for _ in range(5))
    outcomes = await asyncio.gather(*acts, return_exceptions=True)
    assert sum(isinstance(outcome, Task) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, AlreadyReferred) for outcome in outcomes) == 4
    assert [each.type for each in await bench.announced()].count("proposal.task-referred.v1") == 1


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
async def test_the_database_is_the_last_judge(bench: Bench, statement: str, constraint: str) -> None:
    """P7, P10-P13: rules over a table hold whatever the code does."""
    await bench.selected((await bench.admitted()).id)
    with pytest.raises(IntegrityError, match=constraint):
        await bench.run(statement)
