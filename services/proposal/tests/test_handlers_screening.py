"""Screening over PostgreSQL: decisions, merging, resubmission, and overdue screenings."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace

import pytest

from proposal.domain.lifecycle import Move, MoveNotAllowed, Proposal, State, Wording
from proposal.domain.merging import MergeIntoEnded, MergeWouldCircle
from proposal.domain.screening import OwnProposal, Verdict
from proposal.handlers.proposals import resubmit_proposal
from proposal.handlers.screenings import announce_overdue_screenings, screen_proposal
from proposal.handlers.supports import add_support
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
async def test_a_decision_is_stored_and_announced(harness: ProposalHarness, verdict: Verdict, kind: str) -> None:
    """P5: every decision is stored and announced with its reason and the role of the person who made it."""
    proposal = await harness.submitted()
    decided = await harness.run(screen_proposal, proposal.id, verdict, OFFICER)
    assert await harness.read(proposal.id) == decided
    event = (await harness.announced())[-1]
    assert (event.type, event.body["reason"], event.body["acted_by"]) == (kind, verdict.reason, "officer")
    assert event.body.get("body") == verdict.body


async def test_a_refused_decision_has_no_effect(harness: ProposalHarness) -> None:
    """P4: an officer who is the author is refused, and nothing is stored or announced."""
    proposal = await harness.submitted(OFFICER)
    with pytest.raises(OwnProposal):
        await harness.run(screen_proposal, proposal.id, ADMIT, OFFICER)
    assert await harness.read(proposal.id) == proposal
    assert len(await harness.announced()) == 1


async def test_parallel_decisions(harness: ProposalHarness) -> None:
    """P3: of two parallel decisions one is accepted, the other refused."""
    proposal = await harness.submitted()
    verdicts = [ADMIT, Verdict(Move.REJECT, "already-done")]
    officers = [OFFICER, caller("other", Role.OFFICER)]
    both = (harness.run(screen_proposal, proposal.id, *each) for each in zip(verdicts, officers, strict=True))
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {MoveNotAllowed, Proposal}
    assert len(await harness.announced()) == 2


async def test_resubmission_after_a_requested_revision(harness: ProposalHarness) -> None:
    """P8: the revised text is stored, screened again, and each step announced."""
    proposal = await harness.submitted()
    await harness.run(screen_proposal, proposal.id, Verdict(Move.REQUEST_REVISION, "unclear"), OFFICER)
    revised = Wording("심야 버스", "밤 열한 시면 끊깁니다.", "두 노선을 늘립시다.")
    await harness.run(resubmit_proposal, proposal.id, revised, MINA)
    again = await harness.run(screen_proposal, proposal.id, ADMIT, OFFICER)
    assert again.screening is not None
    assert again.wording == replace(revised, topic="교통")
    assert (await harness.read(proposal.id)).screening == again.screening
    kinds = [each.type for each in await harness.announced()]
    assert kinds == [
        "proposal.submitted.v1",
        "proposal.revision-requested.v1",
        "proposal.resubmitted.v1",
        "proposal.admitted.v1",
    ]


async def test_a_merge_keeps_both_support_counts(harness: ProposalHarness) -> None:
    """P7: each proposal keeps its own supports, and the merged one names its target."""
    one, other = await harness.submitted(), await harness.submitted()
    await harness.run(add_support, one.id, caller("jun"))
    into = Verdict(Move.MERGE, "same-problem", merge_into=other.id)
    await harness.run(screen_proposal, one.id, into, OFFICER)
    merged, target = await harness.read(one.id), await harness.read(other.id)
    assert (merged.state, merged.merged_into, merged.supports) == (State.MERGED, other.id, 1)
    assert (target.state, target.supports) == (State.SCREENING, 0)
    assert (await harness.announced())[-1].body["into"] == str(other.id)


async def test_parallel_merges_into_each_other(harness: ProposalHarness) -> None:
    """P7: of two proposals merged into each other in parallel one stays unmerged."""
    one, other = await harness.submitted(), await harness.submitted()

    def merge(this: Proposal, into: Proposal) -> Awaitable[Proposal]:
        verdict = Verdict(Move.MERGE, "same-problem", merge_into=into.id)
        return harness.run(screen_proposal, this.id, verdict, OFFICER)

    outcomes = await asyncio.gather(merge(one, other), merge(other, one), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {Proposal, MergeWouldCircle}


async def test_merge_into_a_rejected_proposal(harness: ProposalHarness) -> None:
    """P7: a rejected proposal is no merge target."""
    one, other = await harness.submitted(), await harness.submitted()
    await harness.run(screen_proposal, other.id, Verdict(Move.REJECT, "already-done"), OFFICER)
    into = Verdict(Move.MERGE, "same-problem", merge_into=other.id)
    with pytest.raises(MergeIntoEnded):
        await harness.run(screen_proposal, one.id, into, OFFICER)


async def test_an_overdue_screening_is_announced_once_per_due_date(harness: ProposalHarness) -> None:
    """P16: four parallel runs and a later one announce a due date once; a new due date is announced again."""
    proposal = await harness.submitted()
    assert await harness.run(announce_overdue_screenings) == 0
    await harness.execute("UPDATE proposal SET screening_due_at = now() - interval '1 hour'")
    counts = await asyncio.gather(*(harness.run(announce_overdue_screenings) for _ in range(4)))
    assert sum(counts) == 1
    assert await harness.run(announce_overdue_screenings) == 0
    last = (await harness.announced())[-1]
    assert (last.type, last.key, last.body["rule"]["version"]) == ("proposal.screening-overdue.v1", str(proposal.id), 1)
    await harness.execute("UPDATE proposal SET screening_due_at = now() - interval '1 minute'")
    assert await harness.run(announce_overdue_screenings) == 1


async def test_overdue_screenings_are_shared_between_processes(harness: ProposalHarness) -> None:
    """P16: a proposal that another transaction is announcing is skipped without waiting for its lock."""
    await harness.submitted()
    await harness.execute("UPDATE proposal SET screening_due_at = now() - interval '1 hour'")
    async with harness.db.transaction() as tx:
        assert await announce_overdue_screenings(tx) == 1
        async with asyncio.timeout(5):
            assert await harness.run(announce_overdue_screenings) == 0


async def test_a_decided_proposal_is_never_overdue(harness: ProposalHarness) -> None:
    """P16: only proposals in screening are announced as overdue."""
    await harness.admitted()
    await harness.execute("UPDATE proposal SET screening_due_at = now() - interval '1 hour'")
    assert await harness.run(announce_overdue_screenings) == 0
