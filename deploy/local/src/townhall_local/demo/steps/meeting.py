"""The strategy meeting, chaired by the President, adopts the case and issues a directive."""

from townhall_local.client.api import Json
from townhall_local.demo.context import DemoContext
from townhall_local.demo.output import expect
from townhall_local.demo.steps import committee

MEETS_IN = 7200.0
"""Seconds from the call to the meeting. As for a sitting, the rule lets it begin early."""


async def call(context: DemoContext) -> str:
    """Call a strategy meeting before there is a case for it; return its id."""
    payload = {"meets_at": context.in_seconds(MEETS_IN), "capacity": context.consultation.meeting.capacity}
    meeting = await context.secretary.post("committee", "/strategy-meetings", payload)
    await context.output.action("사무국 · Secretariat", "calls a strategy meeting chaired by the President")
    return str(meeting["meeting_id"])


async def run(context: DemoContext, case_id: str, meeting_id: str) -> str:
    """Wait until the case is on the agenda and record the outcome; return the id of the new initiative."""
    context.output.section("대통령 주재 전략회의 · The strategy meeting")
    case = await committee.on_agenda(context, case_id)
    expect(meeting_id, case["meeting_id"], "the strategy meeting")
    agenda = await context.platform.api.get("committee", f"/strategy-meetings/{meeting_id}")
    expect([case_id], [item["case_id"] for item in agenda["agenda"]], "the agenda")
    directive_id = await _record(context, case_id, meeting_id)
    initiative = await context.output.automatic(
        "이행과제가 시작 대기 중입니다 · The directive became an initiative", lambda: _initiative(context, directive_id)
    )
    return str(initiative["initiative_id"])


async def _record(context: DemoContext, case_id: str, meeting_id: str) -> str:
    meeting = context.consultation.meeting
    directive = {
        "responsible_body": meeting.directive.responsible_body,
        "instruction": meeting.directive.instruction,
        "due_on": context.in_days(meeting.directive.due_in_days),
    }
    payload = {
        "case_id": case_id,
        "outcome": meeting.outcome,
        "reason": meeting.reason,
        "note": meeting.note,
        "directive": directive,
    }
    case = await context.secretary.post("committee", f"/strategy-meetings/{meeting_id}/outcomes", payload)
    expect(meeting.outcome, case["outcome"], "the outcome")
    await context.output.action("전략회의 · Strategy meeting", f"{meeting.outcome} [{meeting.reason}]", meeting.note)
    await context.output.action(
        "지시 · Directive", f"to {meeting.directive.responsible_body}", meeting.directive.instruction
    )
    return str(case["directive_id"])


async def _initiative(context: DemoContext, directive_id: str) -> Json | None:
    initiatives = await context.platform.api.every("evaluation", "/initiatives")
    return next((one for one in initiatives if one["directive_id"] == directive_id), None)
