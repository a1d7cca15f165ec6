"""A task goes to the vote, forty citizens say yes or no, and more than twenty yes set the rest in motion."""

from townhall_local.client.api import Json
from townhall_local.client.meter import Meter
from townhall_local.demo.scene import Scene
from townhall_local.demo.stage import expect
from townhall_local.demo.story import Choice


async def play(scene: Scene, proposal_ids: dict[str, str]) -> str:
    """Select the task and vote until the threshold is passed. Gives the task id."""
    scene.stage.act("과제 선정과 국민투표 · A task, and its vote")
    await _enact(scene)
    task_id = await _select(scene, proposal_ids)
    await scene.stage.by_itself("투표가 열렸습니다 · The vote opened", lambda: _open(scene, task_id))
    await _first_ballots(scene, task_id)
    await _repeats(scene, task_id)
    await _changes(scene, task_id)
    return task_id


async def _enact(scene: Scene) -> None:
    rule = scene.story.rule
    parameters = {"yes_more_than": rule.more_than, "ballots_changeable": True}
    enacted = await scene.secretary.post("voting", "/rules", {"article": rule.article, "parameters": parameters})
    what = f"enacts version {enacted['version']} of the rule: more than {rule.more_than} yes"
    await scene.stage.did("사무국 · Secretariat", what, rule.article)


async def _select(scene: Scene, proposal_ids: dict[str, str]) -> str:
    told = scene.story.task
    selection = {
        **told.model_dump(include={"title", "summary", "reason", "note"}),
        "origin": "proposals",
        "proposal_ids": [proposal_ids[key] for key in told.proposals],
    }
    task = await scene.officer.post("proposal", "/tasks", selection)
    await scene.stage.did("국민지원과 · Support Unit", f"selects the task “{told.title}” [{told.reason}]", told.note)
    return str(task["task_id"])


async def _open(scene: Scene, task_id: str) -> Json | None:
    vote = await scene.platform.api.find("voting", f"/votes/{task_id}")
    return vote if vote and vote["state"] == "open" else None


async def _cast(scene: Scene, task_id: str, number: int, choice: Choice) -> str:
    answer = await scene.citizen(number).put("voting", f"/votes/{task_id}/ballot", {"choice": choice})
    return str(answer["outcome"])


async def _first_ballots(scene: Scene, task_id: str) -> None:
    ballots = scene.story.vote.first
    with Meter(scene.stage.console, "투표 ballots", len(ballots)) as meter:
        for number, choice in ballots:
            expect("counted", await _cast(scene, task_id, number, choice), "a first ballot")
            meter.advance()
    yes = sum(choice == "yes" for _, choice in ballots)
    await _counted(scene, task_id, yes, reached=False)
    title = f"vote: {yes} yes, {len(ballots) - yes} no. Not yet more than {scene.story.rule.more_than}"
    await scene.stage.did(f"시민 {len(ballots)}명 · {len(ballots)} citizens", title)


async def _repeats(scene: Scene, task_id: str) -> None:
    said = dict(scene.story.vote.first)
    for number in scene.story.vote.repeats:
        expect("unchanged", await _cast(scene, task_id, number, said[number]), "a repeated ballot")
    await _counted(scene, task_id, sum(choice == "yes" for choice in said.values()), reached=False)
    count = len(scene.story.vote.repeats)
    await scene.stage.did("조급한 시민들 · Impatient citizens", f"send {count} ballots again; each counts once")


async def _changes(scene: Scene, task_id: str) -> None:
    for change in scene.story.vote.changes:
        expect("changed", await _cast(scene, task_id, change.citizen, change.to), "a changed ballot")
        await scene.stage.did(f"시민 {change.citizen}번 · Citizen {change.citizen}", f"changes their mind: {change.to}")
    yes = sum(choice == "yes" for choice in scene.story.vote.final.values())
    vote = await _counted(scene, task_id, yes, reached=True)
    threshold = vote["threshold"]
    await scene.stage.check(f"찬성 {yes}표 · {yes} yes: more than {threshold['more_than']}, once and for all")


async def _counted(scene: Scene, task_id: str, yes: int, *, reached: bool) -> Json:
    """Wait for these totals: what is shown to everybody may be a second old."""

    async def look() -> Json | None:
        vote = await scene.platform.api.get("voting", f"/votes/{task_id}")
        return vote if vote["yes"] == yes else None

    vote = (await scene.stage.wait(f"집계 · Counting: {yes} yes", look)).seen
    expect(len(scene.story.vote.ballots) - yes, vote["no"], "no")
    expect(reached, vote["threshold"]["reached"], "threshold reached")
    return vote
