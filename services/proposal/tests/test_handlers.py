"""The use cases on real PostgreSQL: what is stored, what is announced, and what several callers at once can do."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from proposal import handlers
from proposal.domain.lifecycle import Move, MoveNotAllowed, NoSuchProposal, Proposal, State, Wording
from proposal.domain.merging import MergeIntoEnded, MergeWouldCircle
from proposal.domain.referral import AlreadyReferred
from proposal.domain.screening import OwnProposal, Verdict
from proposal.domain.selection import Draft, NoSuchTask, Origin, ProposalNotAdmitted, ProposalUnknown, Task
from proposal.domain.submission import PartOfTask, TooManyProposals
from proposal.domain.support import NotOpenToSupport
from proposal.store import proposals, tasks
from services.proposal.tests.samples import parameters
from townhall.chassis.auth import Caller, Role
from townhall.chassis.db import Database, Transaction
from townhall.contracts.values import ProposalId, TaskId
from townhall.rejected import Rejected

T = TypeVar("T")
WORDING = Wording("심야 버스 확대", "막차가 너무 이릅니다.", "새벽 두 시까지 운행합시다.", "교통")
DRAFT = Draft("심야 버스", "요약", Origin.PROPOSALS, (), "public-interest")
OUTBOX = text("""
    SELECT headers->>'ce_type' AS type, key, convert_from(payload, 'UTF8')::jsonb AS said FROM outbox ORDER BY id
""")
ADMIT = Verdict(Move.ADMIT, "meets-requirements")


def caller(name: str, role: Role = Role.CITIZEN) -> Caller:
    """Somebody known under a pseudonym."""
    return Caller(person=name.ljust(64, "0"), subject=f"subject-of-{name}", roles=frozenset({role}), role=role)


UNKNOWN = ProposalId(UUID(int=0))
MINA, OFFICER = caller("mina"), caller("officer", Role.OFFICER)


@dataclass
class Bench:
    """A database, with the use cases as one-line steps."""

    db: Database

    async def do(self, act: Callable[..., Awaitable[T]], *given: Any, **named: Any) -> T:  # noqa: ANN401  what the act takes
        """Run one use case in its transaction."""
        async with self.db.transaction() as tx:
            return await act(tx, *given, **named)

    async def submitted(self, who: Caller = MINA) -> Proposal:
        """A proposal that waits for screening."""
        return await self.do(handlers.submit_proposal, WORDING, who)

    async def admitted(self, who: Caller = MINA) -> Proposal:
        """A proposal that passed screening."""
        return await self.do(handlers.screen_proposal, (await self.submitted(who)).id, ADMIT, OFFICER)

    async def selected(self, *ids: ProposalId) -> Task:
        """A task from proposals."""
        return await self.do(handlers.select_task, replace(DRAFT, proposal_ids=ids))

    async def read(self, proposal_id: ProposalId) -> Proposal:
        """The proposal as it is stored."""
        async with self.db.reading() as session:
            found = await proposals.found(session, proposal_id)
        assert found is not None
        return found

    async def announced(self) -> Sequence[Any]:
        """Type, key and payload of every row of the outbox, in order."""
        async with self.db.reading() as session:
            return (await session.execute(OUTBOX)).all()

    async def run(self, statement: str, **given: object) -> None:
        """Change what a test needs changed, such as a date."""
        async with self.db.transaction() as tx:
            await tx.session.execute(text(statement), given)


@pytest_asyncio.fixture(loop_scope="session")
async def bench(database_of: Callable[[str], Awaitable[Database]]) -> Bench:
    """A fresh database of the service."""
    return Bench(await database_of("proposal"))


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


@pytest.mark.parametrize(
    ("verdict", "kind"),
    [
        (ADMIT, "proposal.admitted.v1"),
        (Verdict(Move.REFUSE, "outside-remit", "사유"), "proposal.refused.v1"),
        (Verdict(Move.RETURN, "unclear"), "proposal.returned.v1"),
        (Verdict(Move.REROUTE, "local-matter", body="서울특별시"), "proposal.rerouted.v1"),
    ],
)
async def test_screening_is_public(bench: Bench, verdict: Verdict, kind: str) -> None:
    """P5: every decision is stored and announced with its reason and the role that took it."""
    made = await bench.submitted()
    decided = await bench.do(handlers.screen_proposal, made.id, verdict, OFFICER)
    assert await bench.read(made.id) == decided
    said = (await bench.announced())[-1]
    assert (said.type, said.said["reason"], said.said["acted_by"]) == (kind, verdict.reason, "officer")
    assert said.said.get("body") == verdict.body


async def test_refused_act_has_no_effect(bench: Bench) -> None:
    """P4: an officer who wrote it can't screen it, and nothing is stored or announced."""
    made = await bench.submitted(OFFICER)
    with pytest.raises(OwnProposal):
        await bench.do(handlers.screen_proposal, made.id, ADMIT, OFFICER)
    assert await bench.read(made.id) == made
    assert len(await bench.announced()) == 1


async def test_one_of_two_decisions_at_once(bench: Bench) -> None:
    """P3: two officers decide at the same moment; one decision stands, the other is refused."""
    made = await bench.submitted()
    verdicts = [ADMIT, Verdict(Move.REFUSE, "already-done")]
    officers = [OFFICER, caller("other", Role.OFFICER)]
    both = (bench.do(handlers.screen_proposal, made.id, *each) for each in zip(verdicts, officers, strict=True))
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {MoveNotAllowed, Proposal}
    assert len(await bench.announced()) == 2


async def test_returned_proposal_comes_back_improved(bench: Bench) -> None:
    """P8: it waits for screening again, and the first decision is kept beside the next."""
    made = await bench.submitted()
    await bench.do(handlers.screen_proposal, made.id, Verdict(Move.RETURN, "unclear"), OFFICER)
    improved = Wording("심야 버스", "밤 열한 시면 끊깁니다.", "두 노선을 늘립시다.")
    await bench.do(handlers.resubmit_proposal, made.id, improved, MINA)
    again = await bench.do(handlers.screen_proposal, made.id, ADMIT, OFFICER)
    assert again.screening is not None
    assert again.wording == replace(improved, topic="교통")
    assert (await bench.read(made.id)).screening == again.screening
    kinds = [each.type for each in await bench.announced()]
    assert kinds == ["proposal.submitted.v1", "proposal.returned.v1", "proposal.resubmitted.v1", "proposal.admitted.v1"]


async def test_merge_keeps_both_counts_and_the_lineage(bench: Bench) -> None:
    """P7: supports stay with the proposal they were given to."""
    one, other = await bench.submitted(), await bench.submitted()
    await bench.do(handlers.support_proposal, one.id, caller("jun"))
    into = Verdict(Move.MERGE, "same-problem", merge_into=other.id)
    await bench.do(handlers.screen_proposal, one.id, into, OFFICER)
    merged, target = await bench.read(one.id), await bench.read(other.id)
    assert (merged.state, merged.merged_into, merged.supports) == (State.MERGED, other.id, 1)
    assert (target.state, target.supports) == (State.SCREENING, 0)
    assert (await bench.announced())[-1].said["into"] == str(other.id)


async def test_crossing_merges(bench: Bench) -> None:
    """P7: two proposals merged into each other at the same moment never both disappear."""
    one, other = await bench.submitted(), await bench.submitted()

    def merge(this: Proposal, into: Proposal) -> Awaitable[Proposal]:
        verdict = Verdict(Move.MERGE, "same-problem", merge_into=into.id)
        return bench.do(handlers.screen_proposal, this.id, verdict, OFFICER)

    outcomes = await asyncio.gather(merge(one, other), merge(other, one), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {Proposal, MergeWouldCircle}


async def test_merge_into_what_ended(bench: Bench) -> None:
    """P7: a refused proposal carries nobody further."""
    one, other = await bench.submitted(), await bench.submitted()
    await bench.do(handlers.screen_proposal, other.id, Verdict(Move.REFUSE, "already-done"), OFFICER)
    into = Verdict(Move.MERGE, "same-problem", merge_into=other.id)
    with pytest.raises(MergeIntoEnded):
        await bench.do(handlers.screen_proposal, one.id, into, OFFICER)


async def test_screening_overdue_is_told_once_per_due_date(bench: Bench) -> None:
    """P16: two processes look at once and again later; each due date is told once, a new one may be told again."""
    made = await bench.submitted()
    assert await bench.do(handlers.tell_overdue_screenings) == 0
    await bench.run("UPDATE proposal SET screening_due_at = now() - interval '1 hour'")
    told = await asyncio.gather(*(bench.do(handlers.tell_overdue_screenings) for _ in range(4)))
    assert sum(told) == 1
    assert await bench.do(handlers.tell_overdue_screenings) == 0
    last = (await bench.announced())[-1]
    assert (last.type, last.key, last.said["rule"]["version"]) == ("proposal.screening-overdue.v1", str(made.id), 1)
    await bench.run("UPDATE proposal SET screening_due_at = now() - interval '1 minute'")
    assert await bench.do(handlers.tell_overdue_screenings) == 1


async def test_overdue_screenings_are_shared_out(bench: Bench) -> None:
    """P16: what one process is telling, another leaves alone instead of waiting for it."""
    await bench.submitted()
    await bench.run("UPDATE proposal SET screening_due_at = now() - interval '1 hour'")
    async with bench.db.transaction() as tx:
        assert await handlers.tell_overdue_screenings(tx) == 1
        async with asyncio.timeout(5):
            assert await bench.do(handlers.tell_overdue_screenings) == 0


async def test_decided_in_time_is_never_overdue(bench: Bench) -> None:
    """P16: only what still waits is told."""
    await bench.admitted()
    await bench.run("UPDATE proposal SET screening_due_at = now() - interval '1 hour'")
    assert await bench.do(handlers.tell_overdue_screenings) == 0


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
