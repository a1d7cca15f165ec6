"""Citizens propose and support; the Support Unit screens, each time with a public reason."""

from collections.abc import Mapping
from dataclasses import dataclass

from townhall_local.demo.scene import Scene
from townhall_local.demo.stage import expect
from townhall_local.demo.story import Proposal, Screening, Wording

BECOMES = {"admit": "admitted", "reject": "rejected", "request-revision": "revision-requested", "merge": "merged"}
"""The state each decision leads to, which is also how it is told."""


async def play(scene: Scene) -> dict[str, str]:
    """Bring every proposal through screening. Gives proposal ids by the story's keys."""
    scene.stage.act("국민제안 · The Citizens' Forum")
    proposal_ids: dict[str, str] = {}
    for told in scene.story.proposals:
        proposal_ids[told.key] = await _propose(scene, told)
    await _support(scene, proposal_ids)
    for told in scene.story.proposals:
        sample_service = SampleService(scene, proposal_ids[told.key], proposal_ids)
        await sample_service.screen(told.title, told.screening)
        if told.resubmission and told.second_screening:
            await _resubmit(scene, told.author, told.resubmission, sample_service.proposal_id)
            await sample_service.screen(told.resubmission.title, told.second_screening)
    return proposal_ids


async def _propose(scene: Scene, told: Proposal) -> str:
    proposal = await scene.citizen(told.author).post("proposal", "/proposals", told.wording)
    expect("screening", proposal["state"], "state of a new proposal")
    await scene.stage.did(told.author, f"proposes “{told.title}”")
    return str(proposal["proposal_id"])


async def _support(scene: Scene, proposal_ids: dict[str, str]) -> None:
    for told in scene.story.proposals:
        path = f"/proposals/{proposal_ids[told.key]}"
        for number in range(1, told.supporters + 1):
            await scene.citizen(number).put("proposal", f"{path}/support")
        shown = await scene.platform.api.get("proposal", path)
        expect(told.supporters, shown["supports"], "supports")
    counts = ", ".join(str(told.supporters) for told in scene.story.proposals)
    await scene.stage.did("시민들 · Citizens", f"support the proposals: {counts}")


async def _resubmit(scene: Scene, author: str, improved: Wording, proposal_id: str) -> None:
    path = f"/proposals/{proposal_id}/resubmission"
    proposal = await scene.citizen(author).post("proposal", path, improved.model_dump())
    expect("screening", proposal["state"], "state of a resubmitted proposal")
    await scene.stage.did(author, f"improves it: “{improved.title}”")


@dataclass(frozen=True, slots=True)
class SampleService:
    """The desk of the Support Unit with one proposal on it."""

    scene: Scene
    proposal_id: str
    proposal_ids: Mapping[str, str]

    async def screen(self, title: str, verdict: Screening) -> None:
        """Decide on the proposal, with the reason published."""
        payload = {"decision": verdict.decision, "reason": verdict.reason, "note": verdict.note}
        if verdict.merge_into:
            payload["merge_into"] = self.proposal_ids[verdict.merge_into]
        screened = await self.scene.officer.post("proposal", f"/proposals/{self.proposal_id}/screening", payload)
        state = BECOMES[verdict.decision]
        expect(state, screened["state"], "state after screening")
        await self.scene.stage.did("국민지원과 · Support Unit", f"{state}: “{title}” [{verdict.reason}]", verdict.note)
