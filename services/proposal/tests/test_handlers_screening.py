"""Screening on real PostgreSQL: decisions, merging, improvement, and what waits too long."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace

import pytest

from proposal import handlers
from proposal.domain.lifecycle import Move, MoveNotAllowed, Proposal, State, Wording
from proposal.domain.merging import MergeIntoEnded, MergeWouldCircle
from proposal.domain.screening import OwnProposal, Verdict
from services.proposal.tests.harness import ADMIT, MINA, OFFICER, ProposalHarness, caller
from townhall.chassis.auth import Role


@pytest.mark.parametrize(
    ("verdict", "kind"),
    [
        (ADMIT, "proposal.admitted.v1"),
        (Verdict(Move.REJECT, "outside-remit", "사유"), "proposal.rejected.v1"),
        (Verdict(Move.REQUEST_REVISION, "unclear"), "proposal.revision-requested.v1"),
        (Verdict(Move.TRANSFER, "local-matter", body="서울특별시"), "proposal.transferred.v1"),
    ],
)
async def test_screening_is_public(harness: ProposalHarness, verdict: Verdict, kind: str) -> None:
    """P5: every decision is stored and announced with its reason and the role that took it."""
    made = await harness.submitted()
    decided = await harness.do(handlers.screen_proposal, made.id, verdict, OFFICER)
    assert await harness.read(made.id) == decided
    said = (await harness.announced())[-1]
    assert (said.type, said.said["reason"], said.said["acted_by"]) == (kind, verdict.reason, "officer")
    assert said.said.get("body") == verdict.body


async def test_refused_act_has_no_effect(harness: ProposalHarness) -> None:
    """P4: an officer who wrote it can't screen it, and nothing is stored or announced."""
    made = await harness.submitted(OFFICER)
    with pytest.raises(OwnProposal):
        await harness.do(handlers.screen_proposal, made.id, ADMIT, OFFICER)
    assert await harness.read(made.id) == made
    assert len(await harness.announced()) == 1


async def test_one_of_two_decisions_at_once(harness: ProposalHarness) -> None:
    """P3: two officers decide at the same moment; one decision stands, the other is refused."""
    made = await harness.submitted()
    verdicts = [ADMIT, Verdict(Move.REJECT, "already-done")]
    officers = [OFFICER, caller("other", Role.OFFICER)]
    both = (harness.do(handlers.screen_proposal, made.id, *each) for each in zip(verdicts, officers, strict=True))
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {MoveNotAllowed, Proposal}
    assert len(await harness.announced()) == 2


async def test_returned_proposal_comes_back_improved(harness: ProposalHarness) -> None:
    """P8: it waits for screening again, and the first decision is kept beside the next."""
    made = await harness.submitted()
    await harness.do(handlers.screen_proposal, made.id, Verdict(Move.REQUEST_REVISION, "unclear"), OFFICER)
    improved = Wording("심야 버스", "밤 열한 시면 끊깁니다.", "두 노선을 늘립시다.")
    await harness.do(handlers.resubmit_proposal, made.id, improved, MINA)
    again = await harness.do(handlers.screen_proposal, made.id, ADMIT, OFFICER)
    assert again.screening is not None
    assert again.wording == replace(improved, topic="교통")
    assert (await harness.read(made.id)).screening == again.screening
    kinds = [each.type for each in await harness.announced()]
    assert kinds == [
        "proposal.submitted.v1",
        "proposal.revision-requested.v1",
        "proposal.resubmitted.v1",
        "proposal.admitted.v1",
    ]


async def test_merge_keeps_both_counts_and_the_lineage(harness: ProposalHarness) -> None:
    """P7: supports stay with the proposal they were given to."""
    one, other = await harness.submitted(), await harness.submitted()
    await harness.do(handlers.support_proposal, one.id, caller("jun"))
    into = Verdict(Move.MERGE, "same-problem", merge_into=other.id)
    await harness.do(handlers.screen_proposal, one.id, into, OFFICER)
    merged, target = await harness.read(one.id), await harness.read(other.id)
    assert (merged.state, merged.merged_into, merged.supports) == (State.MERGED, other.id, 1)
    assert (target.state, target.supports) == (State.SCREENING, 0)
    assert (await harness.announced())[-1].said["into"] == str(other.id)


async def test_crossing_merges(harness: ProposalHarness) -> None:
    """P7: two proposals merged into each other at the same moment never both disappear."""
    one, other = await harness.submitted(), await harness.submitted()

    def merge(this: Proposal, into: Proposal) -> Awaitable[Proposal]:
        verdict = Verdict(Move.MERGE, "same-problem", merge_into=into.id)
        return harness.do(handlers.screen_proposal, this.id, verdict, OFFICER)

    outcomes = await asyncio.gather(merge(one, other), merge(other, one), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {Proposal, MergeWouldCircle}


async def test_merge_into_what_ended(harness: ProposalHarness) -> None:
    """P7: a refused proposal carries nobody further."""
    one, other = await harness.submitted(), await harness.submitted()
    await harness.do(handlers.screen_proposal, other.id, Verdict(Move.REJECT, "already-done"), OFFICER)
    into = Verdict(Move.MERGE, "same-problem", merge_into=other.id)
    with pytest.raises(MergeIntoEnded):
        await harness.do(handlers.screen_proposal, one.id, into, OFFICER)


async def test_screening_overdue_is_told_once_per_due_date(harness: ProposalHarness) -> None:
    """P16: two processes look at once and again later; each due date is told once, a new one may be told again."""
    made = await harness.submitted()
    assert await harness.do(handlers.tell_overdue_screenings) == 0
    await harness.run("UPDATE proposal SET screening_due_at = now() - interval '1 hour'")
    told = await asyncio.gather(*(harness.do(handlers.tell_overdue_screenings) for _ in range(4)))
    assert sum(told) == 1
    assert await harness.do(handlers.tell_overdue_screenings) == 0
    last = (await harness.announced())[-1]
    assert (last.type, last.key, last.said["rule"]["version"]) == ("proposal.screening-overdue.v1", str(made.id), 1)
    await harness.run("UPDATE proposal SET screening_due_at = now() - interval '1 minute'")
    assert await harness.do(handlers.tell_overdue_screenings) == 1


async def test_overdue_screenings_are_shared_out(harness: ProposalHarness) -> None:
    """P16: what one process is telling, another leaves alone instead of waiting for it."""
    await harness.submitted()
    await harness.run("UPDATE proposal SET screening_due_at = now() - interval '1 hour'")
    async with harness.db.transaction() as tx:
        assert await handlers.tell_overdue_screenings(tx) == 1
        async with asyncio.timeout(5):
            assert await harness.do(handlers.tell_overdue_screenings) == 0


async def test_decided_in_time_is_never_overdue(harness: ProposalHarness) -> None:
    """P16: only what still waits is told."""
    await harness.admitted()
    await harness.run("UPDATE proposal SET screening_due_at = now() - interval '1 hour'")
    assert await harness.do(handlers.tell_overdue_screenings) == 0
