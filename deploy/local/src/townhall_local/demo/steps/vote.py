"""The vote: a task is selected, forty citizens vote, and more than twenty yes reach the threshold."""

from townhall_local.client.api import Json
from townhall_local.client.progress import ProgressMeter
from townhall_local.demo.consultation import Choice
from townhall_local.demo.context import DemoContext
from townhall_local.demo.output import expect


async def run(context: DemoContext, proposal_ids: dict[str, str]) -> str:
    """Select the task and vote until the threshold is reached; return the task id."""
    context.output.section("과제 선정과 국민투표 · A task, and its vote")
    await _enact(context)
    task_id = await _select(context, proposal_ids)
    await context.output.automatic("투표가 열렸습니다 · The vote opened", lambda: _open(context, task_id))
    await _first_ballots(context, task_id)
    await _repeats(context, task_id)
    await _changes(context, task_id)
    return task_id


async def _enact(context: DemoContext) -> None:
    rule = context.consultation.rule
    parameters = {"yes_more_than": rule.more_than, "ballots_changeable": True}
    enacted = await context.secretary.post("voting", "/rules", {"article": rule.article, "parameters": parameters})
    what = f"enacts version {enacted['version']} of the rule: more than {rule.more_than} yes"
    await context.output.action("사무국 · Secretariat", what, rule.article)


async def _select(context: DemoContext, proposal_ids: dict[str, str]) -> str:
    planned = context.consultation.task
    selection = {
        **planned.model_dump(include={"title", "summary", "reason", "note"}),
        "origin": "proposals",
        "proposal_ids": [proposal_ids[key] for key in planned.proposals],
    }
    task = await context.officer.post("proposal", "/tasks", selection)
    await context.output.action(
        "국민지원과 · Support Unit", f"selects the task “{planned.title}” [{planned.reason}]", planned.note
    )
    return str(task["task_id"])


async def _open(context: DemoContext, task_id: str) -> Json | None:
    vote = await context.platform.api.find("voting", f"/votes/{task_id}")
    return vote if vote and vote["state"] == "open" else None


async def _cast(context: DemoContext, task_id: str, number: int, choice: Choice) -> str:
    answer = await context.citizen(number).put("voting", f"/votes/{task_id}/ballot", {"choice": choice})
    return str(answer["outcome"])


async def _first_ballots(context: DemoContext, task_id: str) -> None:
    ballots = context.consultation.vote.first
    with ProgressMeter(context.output.console, "투표 ballots", len(ballots)) as meter:
        for number, choice in ballots:
            expect("counted", await _cast(context, task_id, number, choice), "a first ballot")
            meter.advance()
    yes = sum(choice == "yes" for _, choice in ballots)
    await _counted(context, task_id, yes, reached=False)
    title = f"vote: {yes} yes, {len(ballots) - yes} no. Not yet more than {context.consultation.rule.more_than}"
    await context.output.action(f"시민 {len(ballots)}명 · {len(ballots)} citizens", title)


async def _repeats(context: DemoContext, task_id: str) -> None:
    choices = dict(context.consultation.vote.first)
    for number in context.consultation.vote.repeats:
        expect("unchanged", await _cast(context, task_id, number, choices[number]), "a repeated ballot")
    await _counted(context, task_id, sum(choice == "yes" for choice in choices.values()), reached=False)
    count = len(context.consultation.vote.repeats)
    await context.output.action("조급한 시민들 · Impatient citizens", f"send {count} ballots again; each counts once")


async def _changes(context: DemoContext, task_id: str) -> None:
    for change in context.consultation.vote.changes:
        expect("changed", await _cast(context, task_id, change.citizen, change.to), "a changed ballot")
        await context.output.action(
            f"시민 {change.citizen}번 · Citizen {change.citizen}", f"changes their mind: {change.to}"
        )
    yes = sum(choice == "yes" for choice in context.consultation.vote.final.values())
    vote = await _counted(context, task_id, yes, reached=True)
    threshold = vote["threshold"]
    await context.output.check(f"찬성 {yes}표 · {yes} yes: more than {threshold['more_than']}, once and for all")


async def _counted(context: DemoContext, task_id: str, yes: int, *, reached: bool) -> Json:
    """Wait until the public totals show this count: they may be a second old."""

    async def probe() -> Json | None:
        vote = await context.platform.api.get("voting", f"/votes/{task_id}")
        return vote if vote["yes"] == yes else None

    vote = (await context.output.wait(f"집계 · Counting: {yes} yes", probe)).value
    expect(len(context.consultation.vote.ballots) - yes, vote["no"], "no")
    expect(reached, vote["threshold"]["reached"], "threshold reached")
    return vote
