"""Citizens judge the result: a panel drawn by a lot that anyone can repeat, and everybody else beside it."""

from statistics import fmean

from townhall_local.client.api import Json, Refused
from townhall_local.client.together import together
from townhall_local.demo import lot
from townhall_local.demo.scene import Scene
from townhall_local.demo.stage import expect
from townhall_local.demo.story import Round


async def play(scene: Scene, initiative_id: str) -> str:
    """Open a round, draw its panel, score, publish. Gives the round id."""
    scene.stage.act("국민평가단 · The Public Evaluation Group")
    round_id = await _open(scene, initiative_id)
    tickets = await _apply(scene, round_id)
    drawn = await _draw(scene, round_id)
    await _score(scene, round_id, initiative_id, {tickets[ticket] for ticket in drawn})
    await _publish(scene, round_id, initiative_id)
    return round_id


def _stratum(told: Round, number: int) -> Json:
    """Spread the applicants over the strata, unevenly as people are."""
    return {
        "region": told.regions[number % len(told.regions)],
        "age_band": told.age_bands[number % 5 % len(told.age_bands)],
        "sex": told.sexes[number % len(told.sexes)],
    }


async def _open(scene: Scene, initiative_id: str) -> str:
    told = scene.story.round
    commitment = lot.fingerprint(told.seed)
    payload = {
        "title": told.title,
        "initiative_ids": [initiative_id],
        "panel_size": told.panel_size,
        "seed_commitment": commitment,
        "applications_close_at": scene.in_seconds(told.applications_close_in_seconds),
    }
    opened = await scene.secretary.post("evaluation", "/rounds", payload)
    what = f"opens “{told.title}” and commits to a secret seed"
    await scene.stage.did("사무국 · Secretariat", what, f"SHA-256 {commitment}")
    return str(opened["round_id"])


async def _apply(scene: Scene, round_id: str) -> dict[str, int]:
    told = scene.story.round
    path = f"/rounds/{round_id}/application"

    async def apply(number: int) -> tuple[str, int]:
        answer = await scene.citizen(number).put("evaluation", path, _stratum(told, number))
        return str(answer["ticket"]), number

    tickets = dict(await together(range(1, told.applicants + 1), apply))
    await scene.stage.did(f"시민 {told.applicants}명 · {told.applicants} citizens", "apply for the panel")
    return tickets


async def _draw(scene: Scene, round_id: str) -> list[str]:
    told = scene.story.round
    await scene.stage.wait("신청 마감 · Applications close", lambda: _drawn(scene, round_id))
    published = await scene.platform.api.get("evaluation", f"/rounds/{round_id}/draw")
    await scene.stage.did(
        "추첨 · The lot", f"draws {told.panel_size} of {told.applicants}; seed and tickets are public"
    )
    expect(lot.frame_fingerprint(published["frame"]), published["frame_sha256"], "fingerprint of all tickets")
    again = lot.draw(published["frame"], told.panel_size, published["seed"])
    expect(again, sorted(published["drawn"]), "the panel, drawn again from the published seed and tickets")
    await scene.stage.check("같은 씨앗으로 다시 뽑아도 같은 사람들 · Drawn again here: the same tickets")
    return again


async def _drawn(scene: Scene, round_id: str) -> Json | None:
    """Draw, as soon as applications have closed: before that the seed must stay secret."""
    try:
        return await scene.secretary.post("evaluation", f"/rounds/{round_id}/draw", {"seed": scene.story.round.seed})
    except Refused as refused:
        if refused.code != "applications-still-open":
            raise
        return None


async def _score(scene: Scene, round_id: str, initiative_id: str, panel: set[int]) -> None:
    told = scene.story.round
    for number, score in zip(sorted(panel), told.panel_scores, strict=True):
        path = f"/rounds/{round_id}/scores/{initiative_id}"
        await scene.citizen(number).put("evaluation", path, {"score": score})
    await scene.stage.did(f"평가단 {len(panel)}명 · The panel", f"scores {list(told.panel_scores)}")
    outside = [number for number in range(1, told.applicants + 1) if number not in panel]
    for number, score in zip(outside, told.open_scores, strict=False):
        path = f"/rounds/{round_id}/open-scores/{initiative_id}"
        await scene.citizen(number).put("evaluation", path, {"score": score})
    await scene.stage.did(f"시민 {len(told.open_scores)}명 · Other citizens", f"score {list(told.open_scores)}")


async def _publish(scene: Scene, round_id: str, initiative_id: str) -> None:
    await scene.secretary.post("evaluation", f"/rounds/{round_id}/publication")
    results = await scene.platform.api.get("evaluation", f"/rounds/{round_id}/results")
    result = next(one for one in results["items"] if one["initiative_id"] == initiative_id)
    rule = await scene.platform.api.get("evaluation", f"/rules/{result['rule']['version']}")
    await _check_result(scene, result, rule["parameters"])


async def _check_result(scene: Scene, result: Json, weights: Json) -> None:
    """Weigh the scores again, as the rule version that the result names says."""
    told = scene.story.round
    panel, others = fmean(told.panel_scores), fmean(told.open_scores)
    parts = weights["panel_weight"], weights["open_weight"]
    again = (panel * parts[0] + others * parts[1]) / sum(parts)
    expect(f"{again:.2f}", f"{result['weighted_score']:.2f}", "the weighted score")
    what = f"publishes {again:.1f} of 100: panel {panel:.1f} x {parts[0]}, everybody else {others:.1f} x {parts[1]}"
    await scene.stage.did("사무국 · Secretariat", what, result["rule"]["article"])


async def evaluated(scene: Scene, task_id: str) -> Json:
    """Wait until the result stands in the task's public timeline, and give the task."""

    async def look() -> Json | None:
        task = await scene.platform.api.get("proposal", f"/tasks/{task_id}")
        return task if task["state"] == "evaluated" else None

    return await scene.stage.by_itself("과제 연혁에 결과가 실렸습니다 · The task's public timeline is complete", look)
