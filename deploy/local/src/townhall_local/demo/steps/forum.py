"""The Forum: citizens propose and support; the Support Unit screens, each time with a public reason."""

from collections.abc import Mapping
from dataclasses import dataclass

from townhall_local.demo.consultation import Proposal, Screening, Wording
from townhall_local.demo.context import DemoContext
from townhall_local.demo.output import expect

STATE_AFTER = {"admit": "admitted", "reject": "rejected", "request-revision": "revision-requested", "merge": "merged"}
"""The state that each screening decision leads to."""
VERBS = {"admit": "admits", "reject": "rejects", "request-revision": "requests a revision of", "merge": "merges"}
"""The verb printed for each screening decision."""


async def run(context: DemoContext) -> dict[str, str]:
    """Submit and screen every proposal; return the proposal ids by the keys in the consultation."""
    context.output.section("국민제안 · The Citizens' Forum")
    proposal_ids: dict[str, str] = {}
    for proposal in context.consultation.proposals:
        proposal_ids[proposal.key] = await _propose(context, proposal)
    await _support(context, proposal_ids)
    for proposal in context.consultation.proposals:
        screener = Screener(context, proposal_ids[proposal.key], proposal_ids)
        await screener.screen(proposal.title, proposal.screening)
        if proposal.resubmission and proposal.second_screening:
            await _resubmit(context, proposal.author, proposal.resubmission, screener.proposal_id)
            await screener.screen(proposal.resubmission.title, proposal.second_screening)
    return proposal_ids


async def _propose(context: DemoContext, planned: Proposal) -> str:
    proposal = await context.citizen(planned.author).post("proposal", "/proposals", planned.wording)
    expect("screening", proposal["state"], "state of a new proposal")
    await context.output.action(planned.author, f"proposes “{planned.title}”")
    return str(proposal["proposal_id"])


async def _support(context: DemoContext, proposal_ids: dict[str, str]) -> None:
    for proposal in context.consultation.proposals:
        path = f"/proposals/{proposal_ids[proposal.key]}"
        for number in range(1, proposal.supporters + 1):
            await context.citizen(number).put("proposal", f"{path}/support")
        shown = await context.platform.api.get("proposal", path)
        expect(proposal.supporters, shown["supports"], "supports")
    counts = ", ".join(str(proposal.supporters) for proposal in context.consultation.proposals)
    await context.output.action("시민들 · Citizens", f"support the proposals: {counts}")


async def _resubmit(context: DemoContext, author: str, improved: Wording, proposal_id: str) -> None:
    path = f"/proposals/{proposal_id}/resubmission"
    proposal = await context.citizen(author).post("proposal", path, improved.model_dump())
    expect("screening", proposal["state"], "state of a resubmitted proposal")
    await context.output.action(author, f"improves it: “{improved.title}”")


@dataclass(frozen=True, slots=True)
class Screener:
    """The Support Unit's screening of one proposal."""

    context: DemoContext
    proposal_id: str
    proposal_ids: Mapping[str, str]

    async def screen(self, title: str, verdict: Screening) -> None:
        """Post the decision and check the proposal's state."""
        payload = {"decision": verdict.decision, "reason": verdict.reason, "note": verdict.note}
        if verdict.merge_into:
            payload["merge_into"] = self.proposal_ids[verdict.merge_into]
        screened = await self.context.officer.post("proposal", f"/proposals/{self.proposal_id}/screening", payload)
        state = STATE_AFTER[verdict.decision]
        expect(state, screened["state"], "state after screening")
        await self.context.output.action(
            "국민지원과 · Support Unit", f"{VERBS[verdict.decision]} “{title}” [{verdict.reason}]", verdict.note
        )
