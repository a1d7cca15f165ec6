"""E7, E11, E12 on real PostgreSQL: scores of a round, and their publication."""

import asyncio

from services.evaluation.tests.bureau import Bureau, refused
from services.evaluation.tests.samples import parameters
from townhall.contracts import evaluation


async def test_score_refused(bureau: Bureau) -> None:
    """E11: nobody scores in both tracks, before the draw, or what the round doesn't evaluate."""
    initiative, other = await bureau.initiative("done"), await bureau.initiative("done")
    path = await bureau.round(initiative)
    score = {"score": 80}
    early = await bureau.ask("PUT", f"{path}/open-scores/{initiative}", score, role="citizen")
    assert refused(early) == (409, "round-not-scoring")
    panel, others = await bureau.drawn(path)
    for name, route, code in [
        (panel[0], f"open-scores/{initiative}", (403, "on-the-panel")),
        (others[0], f"scores/{initiative}", (403, "not-on-the-panel")),
        ("stranger", f"scores/{initiative}", (403, "not-on-the-panel")),
        (panel[0], f"scores/{other}", (404, "initiative-not-in-this-round")),
    ]:
        assert refused(await bureau.ask("PUT", f"{path}/{route}", score, role="citizen", name=name)) == code
    assert await bureau.count("score") == 0


async def test_score_can_be_changed_until_published(bureau: Bureau) -> None:
    """E11: the last score of a citizen counts, once; after the publication none is taken."""
    initiative = await bureau.initiative("verified")
    path = await bureau.round(initiative)
    panel, others = await bureau.drawn(path)
    route = f"{path}/scores/{initiative}"
    for name in panel:
        await asyncio.gather(*(bureau.put(name, route, {"score": score}) for score in (0, 7, 100)))
        await bureau.put(name, route, {"score": 60})
    await bureau.post("secretary", f"{path}/publication")
    (result,) = (await bureau.get(f"{path}/results"))["items"]
    assert (result["panel_score"], result["panel_count"]) == (60.0, 3)
    for name, late in [(panel[0], route), (others[0], f"{path}/open-scores/{initiative}")]:
        answer = await bureau.ask("PUT", late, {"score": 1}, role="citizen", name=name)
        assert refused(answer) == (409, "round-not-scoring")


async def test_published_whole_or_not_at_all(bureau: Bureau) -> None:
    """E7, E12: one initiative with too few scores, or unverified, holds all results back, and nothing is announced."""
    first, second = await bureau.initiative("verified"), await bureau.initiative("done")
    path = await bureau.round(first, second)
    panel, _ = await bureau.drawn(path)
    for name in panel:
        await bureau.put(name, f"{path}/scores/{first}", {"score": 60})
    publication = f"{path}/publication"
    assert refused(await bureau.ask("POST", publication, role="secretary")) == (409, "too-few-scores")
    for name in panel:
        await bureau.put(name, f"{path}/scores/{second}", {"score": 60})
    assert refused(await bureau.ask("POST", publication, role="secretary")) == (409, "initiative-not-verified")
    assert refused(await bureau.ask("GET", f"{path}/results")) == (409, "results-not-published-yet")
    assert (await bureau.get(f"/initiatives/{first}"))["state"] == "verified"
    assert await bureau.announced(evaluation.InitiativeEvaluated, evaluation.ResultsPublished) == []
    await bureau.post("officer", f"/initiatives/{second}/verification", {})
    assert (await bureau.post("secretary", publication))["state"] == "published"


async def test_published_once(bureau: Bureau) -> None:
    """E12: of several publications at once, one counts and is announced."""
    initiative = await bureau.initiative("verified")
    path = await bureau.round(initiative)
    for name in (await bureau.drawn(path))[0]:
        await bureau.put(name, f"{path}/scores/{initiative}", {"score": 60})
    answers = await asyncio.gather(*(bureau.ask("POST", f"{path}/publication", role="secretary") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert len(await bureau.announced(evaluation.InitiativeEvaluated)) == 1
    assert len(await bureau.announced(evaluation.ResultsPublished)) == 1


async def test_the_rule_of_the_opening_holds(bureau: Bureau) -> None:
    """E12: weights enacted while a round is open don't change it; the version used is public."""
    initiative = await bureau.initiative("verified")
    path = await bureau.round(initiative)
    changed = parameters(panel_weight=1, open_weight=1, minimum_scores=100, regions=("제주",))
    paper = {"article": "개정 제2조", "parameters": changed.model_dump()}
    assert (await bureau.post("secretary", "/rules", paper))["version"] == 2
    panel, others = await bureau.drawn(path)
    for name in panel:
        await bureau.put(name, f"{path}/scores/{initiative}", {"score": 100})
    await bureau.put(others[0], f"{path}/open-scores/{initiative}", {"score": 0})
    await bureau.post("secretary", f"{path}/publication")
    (result,) = (await bureau.get(f"{path}/results"))["items"]
    assert (result["weighted_score"], result["rule"]["version"]) == (70.0, 1)
