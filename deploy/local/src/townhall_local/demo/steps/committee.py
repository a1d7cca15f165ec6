"""The Committee: the case is opened and docketed automatically; a sitting with a quorum decides it."""

from datetime import datetime

from townhall_local.client.api import Json
from townhall_local.client.users import User
from townhall_local.demo.context import DemoContext
from townhall_local.demo.output import expect

SITS_IN = 3600.0
"""Seconds from the call to the sitting. The rule in force lets it open early, so the demo doesn't wait."""


async def call(context: DemoContext) -> str:
    """Call a sitting before there is a case for it; return its id."""
    planned = context.consultation.sitting
    payload = {"sits_at": context.in_seconds(SITS_IN), "capacity": planned.capacity, "place": planned.place}
    sitting = await context.secretary.post("committee", "/sittings", payload)
    await context.output.action("사무국 · Secretariat", "calls a sitting of the Committee", planned.place)
    return str(sitting["sitting_id"])


async def run(context: DemoContext, task_id: str, sitting_id: str) -> str:
    """Wait for the case, deliberate and decide it; return its id."""
    context.output.section("정부혁신위원회 · The Government Innovation Committee")
    case = await context.output.automatic(
        "위원회에 안건이 접수되었습니다 · The Committee has a case", lambda: _case(context, task_id)
    )
    expect("threshold", case["cause"], "cause of the case")
    await _check_delay(context, task_id, case)
    case_id = str(case["case_id"])
    docketed = await context.output.automatic(
        "안건이 회의에 상정되었습니다 · It is on the docket of a sitting",
        lambda: _case_with(context, case_id, "sitting_id"),
    )
    expect(sitting_id, docketed["sitting_id"], "the sitting")
    await _open_sitting(context, sitting_id, case_id)
    await _take_positions(context, case_id)
    await _decide(context, case_id)
    return case_id


async def on_agenda(context: DemoContext, case_id: str) -> Json:
    """Wait until the deliberated case is on the agenda of a strategy meeting."""
    return await context.output.automatic(
        "전략회의 안건이 되었습니다 · It is on the agenda of the strategy meeting",
        lambda: _case_with(context, case_id, "meeting_id"),
    )


async def _check_delay(context: DemoContext, task_id: str, case: Json) -> None:
    """Print the time from threshold to case by the timestamps of the two services."""
    vote = await context.platform.api.get("voting", f"/votes/{task_id}")
    crossed = datetime.fromisoformat(vote["threshold"]["reached_at"])
    seconds = (datetime.fromisoformat(case["opened_at"]) - crossed).total_seconds()
    await context.output.check(
        f"기록상 {seconds * 1000:,.0f} ms · On record: {seconds * 1000:,.0f} ms after the deciding yes"
    )


async def _case(context: DemoContext, task_id: str) -> Json | None:
    cases = await context.platform.api.every("committee", "/cases", task_id=task_id)
    return cases[0] if cases else None


async def _case_with(context: DemoContext, case_id: str, field: str) -> Json | None:
    case = await context.platform.api.get("committee", f"/cases/{case_id}")
    return case if case[field] else None


def _member(context: DemoContext, name: str) -> User:
    return context.platform.user("member", name)


def _chair(context: DemoContext) -> User:
    return context.platform.user("chair", context.consultation.sitting.chair)


async def _open_sitting(context: DemoContext, sitting_id: str, case_id: str) -> None:
    sitting = context.consultation.sitting
    names = [*(member.name for member in sitting.members), sitting.recused.name]
    present = [_chair(context), *(_member(context, name) for name in names)]
    for person in present:
        await person.put("committee", f"/sittings/{sitting_id}/attendance")
    await context.output.action(f"위원 {len(present)}명 · {len(present)} members", "attend: there is a quorum")
    await _chair(context).post("committee", f"/sittings/{sitting_id}/opening")
    await context.output.action(sitting.chair, "opens the sitting")
    recused = _member(context, sitting.recused.name)
    await recused.put("committee", f"/cases/{case_id}/recusal", {"reason": sitting.recused.reason})
    await context.output.action(sitting.recused.name, "is recused", sitting.recused.reason)


async def _take_positions(context: DemoContext, case_id: str) -> None:
    for member in context.consultation.sitting.members:
        payload = {"stance": member.stance, "note": member.note}
        await _member(context, member.name).put("committee", f"/cases/{case_id}/position", payload)
        await context.output.action(member.name, f"takes a position: {member.stance}", member.note)
    stance = context.consultation.decision.stance
    await _chair(context).put("committee", f"/cases/{case_id}/position", {"stance": stance})


async def _decide(context: DemoContext, case_id: str) -> None:
    decision = context.consultation.decision
    payload = {"decision": decision.decision, "reasons": list(decision.reasons), "note": decision.note}
    case = await _chair(context).post("committee", f"/cases/{case_id}/decision", payload)
    stances = [decision.stance, *(member.stance for member in context.consultation.sitting.members)]
    counted = [case["decision"][name] for name in ("in_favour", "against", "abstained", "recused")]
    expect([stances.count("for"), stances.count("against"), stances.count("abstain"), 1], counted, "positions")
    await context.output.action(
        context.consultation.sitting.chair,
        f"decides: {decision.decision} [{', '.join(decision.reasons)}]",
        decision.note,
    )
