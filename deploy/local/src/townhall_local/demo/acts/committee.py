"""The case is at the Committee without anybody bringing it there; a sitting with quorum decides."""

from datetime import datetime

from townhall_local.client.api import Json
from townhall_local.client.people import Person
from townhall_local.demo.scene import Scene
from townhall_local.demo.stage import expect

SITS_IN = 3600.0
"""Seconds after the call. The rule in force lets a sitting open early, or the story would have to wait."""


async def call(scene: Scene) -> str:
    """Call the sitting, before there is any case for it. Gives the sitting id."""
    told = scene.story.sitting
    payload = {"sits_at": scene.in_seconds(SITS_IN), "capacity": told.capacity, "place": told.place}
    sitting = await scene.secretary.post("committee", "/sittings", payload)
    await scene.stage.did("사무국 · Secretariat", "calls a sitting of the Committee", told.place)
    return str(sitting["sitting_id"])


async def play(scene: Scene, task_id: str, sitting_id: str) -> str:
    """Deliberate the case and decide. Gives the case id."""
    scene.stage.act("정부혁신위원회 · The Government Innovation Committee")
    case = await scene.stage.by_itself(
        "위원회에 안건이 접수되었습니다 · The Committee has a case", lambda: _case(scene, task_id)
    )
    expect("threshold", case["cause"], "cause of the case")
    await _check_wait(scene, task_id, case)
    case_id = str(case["case_id"])
    docketed = await scene.stage.by_itself(
        "안건이 회의에 상정되었습니다 · It is on the docket of a sitting", lambda: _with(scene, case_id, "sitting_id")
    )
    expect(sitting_id, docketed["sitting_id"], "the sitting")
    await _gather(scene, sitting_id, case_id)
    await _take_positions(scene, case_id)
    await _decide(scene, case_id)
    return case_id


async def tabled(scene: Scene, case_id: str) -> Json:
    """Wait until the deliberated case is on the agenda of a strategy meeting."""
    return await scene.stage.by_itself(
        "전략회의 안건이 되었습니다 · It is on the agenda of the strategy meeting",
        lambda: _with(scene, case_id, "meeting_id"),
    )


async def _check_wait(scene: Scene, task_id: str, case: Json) -> None:
    """Say how long the case really took, by the records of the two services."""
    vote = await scene.platform.api.get("voting", f"/votes/{task_id}")
    crossed = datetime.fromisoformat(vote["threshold"]["reached_at"])
    seconds = (datetime.fromisoformat(case["opened_at"]) - crossed).total_seconds()
    await scene.stage.check(
        f"기록상 {seconds * 1000:,.0f} ms · On record: {seconds * 1000:,.0f} ms after the deciding yes"
    )


async def _case(scene: Scene, task_id: str) -> Json | None:
    cases = await scene.platform.api.every("committee", "/cases", task_id=task_id)
    return cases[0] if cases else None


async def _with(scene: Scene, case_id: str, field: str) -> Json | None:
    case = await scene.platform.api.get("committee", f"/cases/{case_id}")
    return case if case[field] else None


def _member(scene: Scene, name: str) -> Person:
    return scene.platform.person("member", name)


def _chair(scene: Scene) -> Person:
    return scene.platform.person("chair", scene.story.sitting.chair)


async def _gather(scene: Scene, sitting_id: str, case_id: str) -> None:
    told = scene.story.sitting
    names = [*(member.name for member in told.members), told.recused.name]
    present = [_chair(scene), *(_member(scene, name) for name in names)]
    for person in present:
        await person.put("committee", f"/sittings/{sitting_id}/attendance")
    await scene.stage.did(f"위원 {len(present)}명 · {len(present)} members", "attend: there is a quorum")
    await _chair(scene).post("committee", f"/sittings/{sitting_id}/opening")
    await scene.stage.did(told.chair, "opens the sitting")
    recused = _member(scene, told.recused.name)
    await recused.put("committee", f"/cases/{case_id}/recusal", {"reason": told.recused.reason})
    await scene.stage.did(told.recused.name, "steps aside", told.recused.reason)


async def _take_positions(scene: Scene, case_id: str) -> None:
    for member in scene.story.sitting.members:
        payload = {"stance": member.stance, "note": member.note}
        await _member(scene, member.name).put("committee", f"/cases/{case_id}/position", payload)
        await scene.stage.did(member.name, f"takes a position: {member.stance}", member.note)
    stance = scene.story.decision.stance
    await _chair(scene).put("committee", f"/cases/{case_id}/position", {"stance": stance})


async def _decide(scene: Scene, case_id: str) -> None:
    told = scene.story.decision
    payload = {"decision": told.decision, "reasons": list(told.reasons), "note": told.note}
    case = await _chair(scene).post("committee", f"/cases/{case_id}/decision", payload)
    stances = [told.stance, *(member.stance for member in scene.story.sitting.members)]
    counted = [case["decision"][name] for name in ("in_favour", "against", "abstained", "recused")]
    expect([stances.count("for"), stances.count("against"), stances.count("abstain"), 1], counted, "positions")
    await scene.stage.did(scene.story.sitting.chair, f"decides: {told.decision} [{', '.join(told.reasons)}]", told.note)
