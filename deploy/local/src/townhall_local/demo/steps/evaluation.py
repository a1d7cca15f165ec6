"""The evaluation round: a panel drawn by a verifiable lot scores the result, and other citizens do so separately."""

from statistics import fmean

from townhall_local.client.api import Json, Refused
from townhall_local.client.concurrency import gather_limited
from townhall_local.demo import draw_check
from townhall_local.demo.consultation import Round
from townhall_local.demo.context import DemoContext
from townhall_local.demo.output import expect


async def run(context: DemoContext, initiative_id: str) -> str:
    """Open a round, draw its panel, score, publish and check the result; return the round id."""
    context.output.section("국민평가단 · The evaluation panel")
    round_id = await _open(context, initiative_id)
    tickets = await _apply(context, round_id)
    drawn = await _draw(context, round_id)
    await _score(context, round_id, initiative_id, {tickets[ticket] for ticket in drawn})
    await _publish(context, round_id, initiative_id)
    return round_id


def _stratum(round_: Round, number: int) -> Json:
    """Return the stratum of an applicant; the strata are of unequal size."""
    return {
        "region": round_.regions[number % len(round_.regions)],
        "age_band": round_.age_bands[number % 5 % len(round_.age_bands)],
        "sex": round_.sexes[number % len(round_.sexes)],
    }


async def _open(context: DemoContext, initiative_id: str) -> str:
    round_ = context.consultation.round
    commitment = draw_check.fingerprint(round_.seed)
    payload = {
        "title": round_.title,
        "initiative_ids": [initiative_id],
        "panel_size": round_.panel_size,
        "seed_commitment": commitment,
        "applications_close_at": context.in_seconds(round_.applications_close_in_seconds),
    }
    opened = await context.secretary.post("evaluation", "/rounds", payload)
    what = f"opens “{round_.title}” and commits to a secret seed"
    await context.output.action("사무국 · Secretariat", what, f"SHA-256 {commitment}")
    return str(opened["round_id"])


async def _apply(context: DemoContext, round_id: str) -> dict[str, int]:
    round_ = context.consultation.round
    path = f"/rounds/{round_id}/application"

    async def apply(number: int) -> tuple[str, int]:
        answer = await context.citizen(number).put("evaluation", path, _stratum(round_, number))
        return str(answer["ticket"]), number

    tickets = dict(await gather_limited(range(1, round_.applicants + 1), apply))
    await context.output.action(f"시민 {round_.applicants}명 · {round_.applicants} citizens", "apply for the panel")
    return tickets


async def _draw(context: DemoContext, round_id: str) -> list[str]:
    round_ = context.consultation.round
    await context.output.wait("신청 마감 · Applications close", lambda: _drawn(context, round_id))
    published = await context.platform.api.get("evaluation", f"/rounds/{round_id}/draw")
    await context.output.action(
        "추첨 · The panel", f"is drawn: {round_.panel_size} of {round_.applicants}; seed and tickets are public"
    )
    expect(draw_check.frame_fingerprint(published["frame"]), published["frame_sha256"], "fingerprint of all tickets")
    again = draw_check.draw(published["frame"], round_.panel_size, published["seed"])
    expect(again, sorted(published["drawn"]), "the panel, drawn again from the published seed and tickets")
    await context.output.check("같은 시드로 다시 뽑아도 같은 사람들 · Drawn again here: the same tickets")
    return again


async def _drawn(context: DemoContext, round_id: str) -> Json | None:
    """Draw the panel; None while applications are open, when the seed must stay secret."""
    try:
        return await context.secretary.post(
            "evaluation", f"/rounds/{round_id}/draw", {"seed": context.consultation.round.seed}
        )
    except Refused as refused:
        if refused.code != "applications-still-open":
            raise
        return None


async def _score(context: DemoContext, round_id: str, initiative_id: str, panel: set[int]) -> None:
    round_ = context.consultation.round
    for number, score in zip(sorted(panel), round_.panel_scores, strict=True):
        path = f"/rounds/{round_id}/scores/{initiative_id}"
        await context.citizen(number).put("evaluation", path, {"score": score})
    await context.output.action(f"평가단 {len(panel)}명 · The panel", f"scores {list(round_.panel_scores)}")
    outside = [number for number in range(1, round_.applicants + 1) if number not in panel]
    for number, score in zip(outside, round_.open_scores, strict=False):
        path = f"/rounds/{round_id}/open-scores/{initiative_id}"
        await context.citizen(number).put("evaluation", path, {"score": score})
    await context.output.action(
        f"시민 {len(round_.open_scores)}명 · Other citizens", f"score {list(round_.open_scores)}"
    )


async def _publish(context: DemoContext, round_id: str, initiative_id: str) -> None:
    await context.secretary.post("evaluation", f"/rounds/{round_id}/publication")
    results = await context.platform.api.get("evaluation", f"/rounds/{round_id}/results")
    result = next(one for one in results["items"] if one["initiative_id"] == initiative_id)
    rule = await context.platform.api.get("evaluation", f"/rules/{result['rule']['version']}")
    await _check_result(context, result, rule["parameters"])


async def _check_result(context: DemoContext, result: Json, weights: Json) -> None:
    """Compute the weighted score again, with the weights of the rule version that the result names."""
    round_ = context.consultation.round
    panel, others = fmean(round_.panel_scores), fmean(round_.open_scores)
    parts = weights["panel_weight"], weights["open_weight"]
    again = (panel * parts[0] + others * parts[1]) / sum(parts)
    expect(f"{again:.2f}", f"{result['weighted_score']:.2f}", "the weighted score")
    what = f"publishes {again:.1f} of 100: panel {panel:.1f}, others {others:.1f}, weights {parts[0]} : {parts[1]}"
    await context.output.action("사무국 · Secretariat", what, result["rule"]["article"])


async def evaluated(context: DemoContext, task_id: str) -> Json:
    """Wait until the task is evaluated, by its public timeline; return the task."""

    async def probe() -> Json | None:
        task = await context.platform.api.get("proposal", f"/tasks/{task_id}")
        return task if task["state"] == "evaluated" else None

    return await context.output.automatic(
        "과제 연혁에 결과가 실렸습니다 · The task's public timeline is complete", probe
    )
