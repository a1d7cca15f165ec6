"""The strategy meeting chaired by the President takes the case up, and a directive goes out."""

from townhall_local.client.api import Json
from townhall_local.demo.acts import committee
from townhall_local.demo.scene import Scene
from townhall_local.demo.stage import expect

MEETS_IN = 7200.0
"""Seconds after the call; as for a sitting, the rule lets it begin early."""


async def call(scene: Scene) -> str:
    """Call the strategy meeting ahead of time. Gives the meeting id."""
    payload = {"meets_at": scene.in_seconds(MEETS_IN), "capacity": scene.story.meeting.capacity}
    meeting = await scene.secretary.post("committee", "/strategy-meetings", payload)
    await scene.stage.did("사무국 · Secretariat", "calls a strategy meeting chaired by the President")
    return str(meeting["meeting_id"])


async def play(scene: Scene, case_id: str, meeting_id: str) -> str:
    """Record what the meeting made of the case. Gives the initiative id."""
    scene.stage.act("대통령 주재 전략회의 · The strategy meeting")
    case = await committee.tabled(scene, case_id)
    expect(meeting_id, case["meeting_id"], "the strategy meeting")
    agenda = await scene.platform.api.get("committee", f"/strategy-meetings/{meeting_id}")
    expect([case_id], [item["case_id"] for item in agenda["agenda"]], "the agenda")
    directive_id = await _record(scene, case_id, meeting_id)
    initiative = await scene.stage.by_itself(
        "이행과제가 시작 대기 중입니다 · The directive became an initiative", lambda: _initiative(scene, directive_id)
    )
    return str(initiative["initiative_id"])


async def _record(scene: Scene, case_id: str, meeting_id: str) -> str:
    told = scene.story.meeting
    directive = {
        "responsible_body": told.directive.responsible_body,
        "instruction": told.directive.instruction,
        "due_on": scene.in_days(told.directive.due_in_days),
    }
    payload = {
        "case_id": case_id,
        "outcome": told.outcome,
        "reason": told.reason,
        "note": told.note,
        "directive": directive,
    }
    case = await scene.secretary.post("committee", f"/strategy-meetings/{meeting_id}/outcomes", payload)
    expect(told.outcome, case["outcome"], "the outcome")
    await scene.stage.did("전략회의 · Strategy meeting", f"{told.outcome} [{told.reason}]", told.note)
    await scene.stage.did("지시 · Directive", f"to {told.directive.responsible_body}", told.directive.instruction)
    return str(case["directive_id"])


async def _initiative(scene: Scene, directive_id: str) -> Json | None:
    initiatives = await scene.platform.api.every("evaluation", "/initiatives")
    return next((one for one in initiatives if one["directive_id"] == directive_id), None)
