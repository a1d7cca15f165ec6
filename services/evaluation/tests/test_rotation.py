"""E-rules across a rotation of the person key: one application, one score and one opinion for each citizen."""

from dataclasses import replace

from services.evaluation.tests.api import STRATUM, EvaluationApi
from townhall.testing.services import ROTATED, ClientOf


async def test_nobody_applies_twice(api: EvaluationApi, client_of: ClientOf) -> None:
    """E9: applying again after the rotation keeps the ticket."""
    rotated = replace(api, http=await client_of(api.db, **ROTATED))
    path = await api.round(await api.initiative("done"))
    tickets = {(await each.put("jun", f"{path}/application", STRATUM))["ticket"] for each in (api, rotated, api)}
    assert len(tickets) == 1
    assert (await rotated.get(path))["applicants"] == 1
    own = await rotated.request("GET", f"{path}/application", role="citizen", name="jun")
    assert {own.json()["ticket"]} == tickets


async def test_nobody_scores_twice(api: EvaluationApi, client_of: ClientOf) -> None:
    """E11: a panel member drawn before the rotation is on the panel after it, with one score each."""
    rotated = replace(api, http=await client_of(api.db, **ROTATED))
    initiative = await api.initiative("verified")
    path = await api.round(initiative)
    panel, others = await api.draw(path)
    for each, score in ((api, 10), (rotated, 80)):
        for member in panel:
            await each.put(member, f"{path}/scores/{initiative}", {"score": score})
        await each.put(others[0], f"{path}/open-scores/{initiative}", {"score": score})
    await rotated.post("secretary", f"{path}/publication")
    (result,) = (await api.get(f"{path}/results"))["items"]
    assert (result["panel_count"], result["panel_score"], result["open_count"]) == (3, 80.0, 1)
