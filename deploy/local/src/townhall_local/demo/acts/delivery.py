"""The responsible body delivers, late and with a reason; the Support Unit verifies; citizens say what they think."""

from collections import Counter

from townhall_local.client.api import Json
from townhall_local.client.people import Person
from townhall_local.demo.scene import Scene
from townhall_local.demo.stage import expect
from townhall_local.demo.story import Milestone


async def play(scene: Scene, initiative_id: str) -> None:
    """Carry the initiative from plan to verified result."""
    scene.stage.act("이행과 점검 · Delivery, watched by citizens")
    path = f"/initiatives/{initiative_id}"
    body = scene.story.meeting.directive.responsible_body
    milestones = [(told, await _plan(scene, path, told)) for told in scene.story.delivery.milestones]
    await scene.stage.did(body, f"plans {len(milestones)} milestones")
    await _act(scene.agency, f"{path}/start", {}, "started")
    await scene.stage.did(body, "starts")
    first, *later = milestones
    await _reach(scene, path, *first)
    await _delay(scene, path)
    for milestone in later:
        await _reach(scene, path, *milestone)
    await _finish(scene, path)
    await _opinions(scene, path)


async def _act(person: Person, path: str, payload: Json, state: str) -> None:
    initiative = await person.post("evaluation", path, payload)
    expect(state, initiative["state"], "state of the initiative")


async def _plan(scene: Scene, path: str, told: Milestone) -> str:
    payload = {"title": told.title, "due_on": scene.in_days(told.due_in_days)}
    initiative = await scene.agency.post("evaluation", f"{path}/milestones", payload)
    return str(next(one["milestone_id"] for one in initiative["milestones"] if one["title"] == told.title))


async def _reach(scene: Scene, path: str, told: Milestone, milestone_id: str) -> None:
    await scene.agency.post("evaluation", f"{path}/milestones/{milestone_id}/reached", {"note": told.note})
    await scene.stage.did(scene.story.meeting.directive.responsible_body, f"reached: {told.title}", told.note)


async def _delay(scene: Scene, path: str) -> None:
    told = scene.story.delivery.delay
    due_on = scene.in_days(told.due_in_days)
    await _act(scene.agency, f"{path}/delays", {"reason": told.reason, "note": told.note, "due_on": due_on}, "delayed")
    what = f"is late: new date {due_on} [{told.reason}]"
    await scene.stage.did(scene.story.meeting.directive.responsible_body, what, told.note)


async def _finish(scene: Scene, path: str) -> None:
    told = scene.story.delivery
    await _act(scene.agency, f"{path}/completion", {"note": told.completion.note}, "done")
    await scene.stage.did(scene.story.meeting.directive.responsible_body, "reports: done", told.completion.note)
    await _act(scene.officer, f"{path}/verification", {"note": told.verification.note}, "verified")
    await scene.stage.did("국민지원과 · Support Unit", "verifies it", told.verification.note)


async def _opinions(scene: Scene, path: str) -> None:
    for told in scene.story.opinions:
        payload = {"stance": told.stance, "text": told.text}
        await scene.citizen(told.author).post("evaluation", f"{path}/opinions", payload)
        await scene.stage.did(told.author, f"is {told.stance}", told.text)
    initiative = await scene.platform.api.get("evaluation", path)
    counts = {stance: count for stance, count in initiative["opinions"].items() if count}
    expect(dict(Counter(told.stance for told in scene.story.opinions)), counts, "opinions")
