"""Delivery: the responsible body reports milestones and a delay, the Support Unit verifies, citizens give opinions."""

from collections import Counter

from townhall_local.client.api import Json
from townhall_local.client.users import User
from townhall_local.demo.consultation import Milestone
from townhall_local.demo.context import DemoContext
from townhall_local.demo.output import expect


async def run(context: DemoContext, initiative_id: str) -> None:
    """Take the initiative from plan to verified result, and add the citizens' opinions."""
    context.output.section("이행과 점검 · Delivery, watched by citizens")
    path = f"/initiatives/{initiative_id}"
    body = context.consultation.meeting.directive.responsible_body
    milestones = [(each, await _plan(context, path, each)) for each in context.consultation.delivery.milestones]
    await context.output.action(body, f"plans {len(milestones)} milestones")
    await _advance(context.agency, f"{path}/start", {}, "started")
    await context.output.action(body, "starts")
    first, *later = milestones
    await _reach(context, path, *first)
    await _delay(context, path)
    for milestone in later:
        await _reach(context, path, *milestone)
    await _finish(context, path)
    await _opinions(context, path)


async def _advance(user: User, path: str, payload: Json, state: str) -> None:
    initiative = await user.post("evaluation", path, payload)
    expect(state, initiative["state"], "state of the initiative")


async def _plan(context: DemoContext, path: str, milestone: Milestone) -> str:
    payload = {"title": milestone.title, "due_on": context.in_days(milestone.due_in_days)}
    initiative = await context.agency.post("evaluation", f"{path}/milestones", payload)
    return str(next(one["milestone_id"] for one in initiative["milestones"] if one["title"] == milestone.title))


async def _reach(context: DemoContext, path: str, milestone: Milestone, milestone_id: str) -> None:
    await context.agency.post("evaluation", f"{path}/milestones/{milestone_id}/reached", {"note": milestone.note})
    await context.output.action(
        context.consultation.meeting.directive.responsible_body, f"reached: {milestone.title}", milestone.note
    )


async def _delay(context: DemoContext, path: str) -> None:
    delay = context.consultation.delivery.delay
    due_on = context.in_days(delay.due_in_days)
    await _advance(
        context.agency, f"{path}/delays", {"reason": delay.reason, "note": delay.note, "due_on": due_on}, "delayed"
    )
    what = f"is late: new date {due_on} [{delay.reason}]"
    await context.output.action(context.consultation.meeting.directive.responsible_body, what, delay.note)


async def _finish(context: DemoContext, path: str) -> None:
    delivery = context.consultation.delivery
    await _advance(context.agency, f"{path}/completion", {"note": delivery.completion.note}, "done")
    await context.output.action(
        context.consultation.meeting.directive.responsible_body, "reports: done", delivery.completion.note
    )
    await _advance(context.officer, f"{path}/verification", {"note": delivery.verification.note}, "verified")
    await context.output.action("국민지원과 · Support Unit", "verifies it", delivery.verification.note)


async def _opinions(context: DemoContext, path: str) -> None:
    for opinion in context.consultation.opinions:
        payload = {"stance": opinion.stance, "text": opinion.text}
        await context.citizen(opinion.author).post("evaluation", f"{path}/opinions", payload)
        await context.output.action(opinion.author, f"is {opinion.stance}", opinion.text)
    initiative = await context.platform.api.get("evaluation", path)
    counts = {stance: count for stance, count in initiative["opinions"].items() if count}
    expect(dict(Counter(opinion.stance for opinion in context.consultation.opinions)), counts, "opinions")
