"""E7, E11, E12 on PostgreSQL: scores of a round, and the publication of results."""

import asyncio

from services.evaluation.tests.api import EvaluationApi, problem
from services.evaluation.tests.samples import parameters
from townhall.contracts import evaluation


async def test_score_refused(api: EvaluationApi) -> None:
    """E11: before the draw, in the wrong track, or for an initiative that isn't in the round."""
    initiative, other = await api.initiative("done"), await api.initiative("done")
    path = await api.round(initiative)
    score = {"score": 80}
    early = await api.request("PUT", f"{path}/open-scores/{initiative}", score, role="citizen")
    assert problem(early) == (409, "round-not-scoring")
    panel, others = await api.draw(path)
    for name, route, code in [
        (panel[0], f"open-scores/{initiative}", (403, "on-the-panel")),
        (others[0], f"scores/{initiative}", (403, "not-on-the-panel")),
        ("stranger", f"scores/{initiative}", (403, "not-on-the-panel")),
        (panel[0], f"scores/{other}", (404, "initiative-not-in-this-round")),
    ]:
        assert problem(await api.request("PUT", f"{path}/{route}", score, role="citizen", name=name)) == code
    assert await api.count("score") == 0


async def test_score_can_be_changed_until_published(api: EvaluationApi) -> None:
    """E11: the last score of a citizen counts; after the publication scores are refused."""
    initiative = await api.initiative("verified")
    path = await api.round(initiative)
    panel, others = await api.draw(path)
    route = f"{path}/scores/{initiative}"
    for name in panel:
        await asyncio.gather(*(api.put(name, route, {"score": score}) for score in (0, 7, 100)))
        await api.put(name, route, {"score": 60})
    await api.post("secretary", f"{path}/publication")
    (result,) = (await api.get(f"{path}/results"))["items"]
    assert (result["panel_score"], result["panel_count"]) == (60.0, 3)
    for name, late in [(panel[0], route), (others[0], f"{path}/open-scores/{initiative}")]:
        answer = await api.request("PUT", late, {"score": 1}, role="citizen", name=name)
        assert problem(answer) == (409, "round-not-scoring")


async def test_all_results_are_published_or_none(api: EvaluationApi) -> None:
    """E7, E12: with one initiative unverified or with too few scores, nothing is published or announced."""
    first, second = await api.initiative("verified"), await api.initiative("done")
    path = await api.round(first, second)
    panel, _ = await api.draw(path)
    for name in panel:
        await api.put(name, f"{path}/scores/{first}", {"score": 60})
    publication = f"{path}/publication"
    assert problem(await api.request("POST", publication, role="secretary")) == (409, "too-few-scores")
    for name in panel:
        await api.put(name, f"{path}/scores/{second}", {"score": 60})
    assert problem(await api.request("POST", publication, role="secretary")) == (409, "initiative-not-verified")
    assert problem(await api.request("GET", f"{path}/results")) == (409, "results-not-published-yet")
    assert (await api.get(f"/initiatives/{first}"))["state"] == "verified"
    assert await api.announced(evaluation.InitiativeEvaluated, evaluation.ResultsPublished) == []
    await api.post("officer", f"/initiatives/{second}/verification", {})
    assert (await api.post("secretary", publication))["state"] == "published"


async def test_published_once(api: EvaluationApi) -> None:
    """E12: of several concurrent publications, one is accepted and announced."""
    initiative = await api.initiative("verified")
    path = await api.round(initiative)
    for name in (await api.draw(path))[0]:
        await api.put(name, f"{path}/scores/{initiative}", {"score": 60})
    answers = await asyncio.gather(*(api.request("POST", f"{path}/publication", role="secretary") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert len(await api.announced(evaluation.InitiativeEvaluated)) == 1
    assert len(await api.announced(evaluation.ResultsPublished)) == 1


async def test_the_rule_of_the_opening_applies(api: EvaluationApi) -> None:
    """E12: rules enacted while a round is open don't apply to it; the result names the version used."""
    initiative = await api.initiative("verified")
    path = await api.round(initiative)
    changed = parameters(panel_weight=1, open_weight=1, minimum_scores=100, regions=("제주",))
    payload = {"article": "개정 제2조", "parameters": changed.model_dump()}
    assert (await api.post("secretary", "/rules", payload))["version"] == 2
    panel, others = await api.draw(path)
    for name in panel:
        await api.put(name, f"{path}/scores/{initiative}", {"score": 100})
    await api.put(others[0], f"{path}/open-scores/{initiative}", {"score": 0})
    await api.post("secretary", f"{path}/publication")
    (result,) = (await api.get(f"{path}/results"))["items"]
    assert (result["weighted_score"], result["rule"]["version"]) == (70.0, 1)
