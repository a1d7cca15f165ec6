"""E8 to E10, E13 to E15 on PostgreSQL: rounds and panels, and what is refused."""

import asyncio
from uuid import UUID

from sqlalchemy import text

from evaluation.domain import panel_draw
from evaluation.domain.opinion import Person
from evaluation.domain.panel import Stratum
from evaluation.domain.panel_draw import Ticket
from evaluation.handlers import panels, rounds
from services.evaluation.tests.api import SEED, STRATUM, EvaluationApi, Json, problem
from services.evaluation.tests.test_panel_draw import repeated
from townhall.contracts import evaluation
from townhall.contracts.values import RoundId

PEOPLE = text("SELECT citizen FROM application UNION SELECT citizen FROM score UNION SELECT citizen FROM opinion")


async def test_from_opening_to_results(api: EvaluationApi) -> None:
    """E8 to E12: applied for, drawn, scored by a panel and by others, weighted 7 to 3, and published."""
    first, second = await api.initiative("verified"), await api.initiative("verified")
    path = await api.round(first, second)
    panel, others = await api.draw(path)
    for name, score in zip(panel, (88, 74, 91), strict=True):
        await api.put(name, f"{path}/scores/{first}", {"score": score})
        await api.put(name, f"{path}/scores/{second}", {"score": 50})
    for name, score in zip(others, (95, 40, 77), strict=True):
        await api.put(name, f"{path}/open-scores/{first}", {"score": score})
    published = await api.post("secretary", f"{path}/publication")
    best, worst = (await api.get(f"{path}/results"))["items"]
    # 253/3 and 212/3, weighted 7 to 3: 2407/30.
    assert (best["panel_score"], best["open_score"], best["weighted_score"]) == (84.33, 70.67, 80.23)
    assert (best["panel_size"], best["panel_count"], best["open_count"]) == (3, 3, 3)
    assert (worst["panel_score"], worst["open_score"], worst["weighted_score"]) == (50.0, None, 50.0)
    assert (published["state"], published["results"]) == ("published", [best, worst])
    shown = await api.get(f"/initiatives/{first}")
    assert (shown["state"], shown["evaluation"]) == ("evaluated", best)
    events = await api.announced(evaluation.InitiativeEvaluated, evaluation.ResultsPublished)
    assert [event["type"].split(".")[1] for event in events] == [*["initiative-evaluated"] * 2, "results-published"]
    assert (events[0]["weighted_score"], events[0]["panel_count"], events[1]["open_score"]) == (80.23, 3, None)


async def test_the_draw_can_be_repeated(api: EvaluationApi) -> None:
    """E10: from the public data, a second implementation draws the same panel and computes the same hash."""
    path = await api.round(await api.initiative("done"), panel_size=7)
    commitment = (await api.get(path))["seed_commitment"]
    await api.draw(path, 20)
    draw = await api.get(f"{path}/draw")
    frame = [Ticket(**line) for line in draw["frame"]]
    assert set(draw["drawn"]) == repeated(frame, draw["panel_size"], draw["seed"])
    lines = "".join(f"{one.ticket}|{one.region}|{one.age_band}|{one.sex}\n" for one in frame)
    assert draw["frame_sha256"] == panel_draw.sha256(lines)
    assert commitment == panel_draw.sha256(draw["seed"])
    (event,) = await api.announced(evaluation.PanelDrawn)
    assert (event["seed"], event["frame_sha256"]) == (SEED, draw["frame_sha256"])
    assert (event["applicants"], event["panel_size"]) == (20, 7)


async def test_one_application_per_citizen(api: EvaluationApi) -> None:
    """E9: applying again changes the stratum and keeps the ticket, also concurrently."""
    path = await api.round(await api.initiative("done"))
    requests = [api.put("jun", f"{path}/application", STRATUM | {"region": "부산"}) for _ in range(5)]
    tickets = {answer["ticket"] for answer in await asyncio.gather(*requests)}
    again = await api.put("jun", f"{path}/application", STRATUM)
    assert tickets == {again["ticket"]}
    assert (await api.get(path))["applicants"] == 1
    own = (await api.request("GET", f"{path}/application", role="citizen", name="jun")).json()
    assert own == STRATUM | {"ticket": again["ticket"], "drawn": None}
    nobody = await api.request("GET", f"{path}/application", role="citizen", name="mina")
    assert problem(nobody) == (404, "no-application")


async def test_application_refused(api: EvaluationApi) -> None:
    """E9: with a stratum that is not listed, or too late."""
    path = await api.round(await api.initiative("done"))
    own = await api.request("PUT", f"{path}/application", STRATUM | {"region": "평양"}, role="citizen")
    assert problem(own) == (422, "unknown-stratum")
    await api.close_applications(path)
    late = await api.request("PUT", f"{path}/application", STRATUM, role="citizen")
    assert problem(late) == (409, "applications-closed")
    assert (await api.get(path))["applicants"] == 0


async def test_draw_refused(api: EvaluationApi) -> None:
    """E10: before applications close, with another seed, and with too few applicants."""
    path = await api.round(await api.initiative("done"))
    draw, payload = f"{path}/draw", {"seed": SEED}
    assert problem(await api.request("GET", draw)) == (409, "not-drawn-yet")
    assert problem(await api.request("POST", draw, payload, role="secretary")) == (409, "applications-still-open")
    await api.apply(path, 2)
    await api.close_applications(path)
    assert problem(await api.request("POST", draw, {"seed": "다른"}, role="secretary")) == (422, "seed-does-not-match")
    assert problem(await api.request("POST", draw, payload, role="secretary")) == (409, "too-few-applicants")
    assert (await api.get(path))["seed"] is None
    assert await api.announced(evaluation.PanelDrawn) == []


async def test_drawn_once(api: EvaluationApi) -> None:
    """E10: of several concurrent draws, one is accepted; all applicants are drawn if there are seats for all."""
    path = await api.round(await api.initiative("done"), panel_size=50)
    await api.apply(path, 4)
    await api.close_applications(path)
    payload = {"seed": SEED}
    answers = await asyncio.gather(*(api.request("POST", f"{path}/draw", payload, role="secretary") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert len(await api.announced(evaluation.PanelDrawn)) == 1
    assert len((await api.get(f"{path}/draw"))["drawn"]) == 4


async def test_an_application_under_way_is_drawn_from(api: EvaluationApi) -> None:
    """E9, E10: the draw waits for an application under way, so the frame has every accepted one."""
    path = await api.round(await api.initiative("done"))
    await api.apply(path, 5)
    round_id = RoundId(UUID(path.rpartition("/")[2]))
    async with api.db.transaction() as tx:
        await api.close_applications(path)
        ticket = await panels.apply(tx, round_id, Person("late"), Stratum("서울", "60+", "male"))
        drawing = asyncio.create_task(api.request("POST", f"{path}/draw", {"seed": SEED}, role="secretary"))
        while not (drawing.done() or await api.waits_for_lock()):
            continue
    assert (await drawing).status_code == 200
    draw = await api.get(f"{path}/draw")
    frame = [Ticket(**line) for line in draw["frame"]]
    assert ticket in frame
    assert draw["frame_sha256"] == panel_draw.frame_sha256(frame)
    assert set(draw["drawn"]) == repeated(frame, 3, SEED)


async def test_round_refused(api: EvaluationApi) -> None:
    """E8: for initiatives that aren't done or don't exist, with a past closing time, or too small a panel."""
    done, started = await api.initiative("done"), await api.initiative("started")
    unknown = "00000000-0000-4000-8000-000000000000"
    defaults: Json = {"title": "평가", "initiative_ids": [done], "seed_commitment": "0" * 64}
    changes: list[tuple[Json, tuple[int, str]]] = [
        ({"initiative_ids": [done, started]}, (409, "initiative-not-ready-for-evaluation")),
        ({"initiative_ids": [unknown]}, (422, "unknown-initiative")),
        ({"applications_close_at": "2020-01-01T00:00:00Z"}, (422, "closing-not-ahead")),
        ({"panel_size": 2}, (422, "panel-too-small")),
    ]
    for change, expected in changes:
        payload = defaults | {"applications_close_at": "2150-01-01T00:00:00Z"} | change
        assert problem(await api.request("POST", "/rounds", payload, role="secretary")) == expected
    assert await api.count("round") == 0


async def test_one_round_per_initiative(api: EvaluationApi) -> None:
    """E8, E13: of several concurrent rounds for an initiative one opens; after its cancellation another may."""
    done = await api.initiative("done")
    defaults: Json = {"title": "평가", "initiative_ids": [done], "seed_commitment": "0" * 64}
    payload = defaults | {"applications_close_at": "2150-01-01T00:00:00Z"}
    answers = await asyncio.gather(*(api.request("POST", "/rounds", payload, role="secretary") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    (opened,) = (await api.get("/rounds?state=applying"))["items"]
    cancellation = f"/rounds/{opened['round_id']}/cancellation"
    ended = await api.post("secretary", cancellation, {"reason": "seed-lost", "note": "분실"})
    assert (ended["state"], ended["cancellation"]["reason"]) == ("cancelled", "seed-lost")
    assert problem(await api.request("POST", cancellation, {"reason": "seed-lost"}, role="secretary"))[0] == 409
    assert len(await api.announced(evaluation.RoundCancelled)) == 1
    assert (await api.request("POST", "/rounds", payload, role="secretary")).status_code == 201


async def test_late_steps_are_announced_once(api: EvaluationApi) -> None:
    """E14: concurrent timers announce a late draw and a late publication once each."""

    async def announce_overdue() -> int:
        async with api.db.transaction() as tx:
            return await rounds.announce_overdue(tx)

    async def make_overdue() -> int:
        async with api.db.transaction() as tx:
            await tx.session.execute(text("UPDATE round SET due_at = now() - interval '1 hour'"))
        return sum(await asyncio.gather(announce_overdue(), announce_overdue(), announce_overdue()))

    path = await api.round(await api.initiative("done"))
    assert await announce_overdue() == 0
    assert await make_overdue() == 1
    assert (await api.get(path))["overdue"] is True
    await api.draw(path)
    assert await announce_overdue() == 0
    assert (await api.get(path))["overdue"] is False
    assert await make_overdue() == 1
    assert [event["awaited"] for event in await api.announced(evaluation.RoundOverdue)] == ["draw", "publication"]
    await api.post("secretary", f"{path}/cancellation", {"reason": "too-few-scores"})
    assert await announce_overdue() == 0


async def test_no_person_is_public(api: EvaluationApi) -> None:
    """E15: no pseudonym of an applicant, evaluator or author is in any response, event or metric."""
    initiative = await api.initiative("verified")
    path = await api.round(initiative)
    panel, others = await api.draw(path)
    for name in panel:
        await api.put(name, f"{path}/scores/{initiative}", {"score": 60})
    await api.put(others[0], f"{path}/open-scores/{initiative}", {"score": 10})
    opinion = {"stance": "mixed", "text": "글쎄요"}
    await api.request("POST", f"/initiatives/{initiative}/opinions", opinion, role="citizen", name=panel[0])
    await api.post("secretary", f"{path}/publication")
    async with api.db.reading() as session:
        people = (await session.execute(PEOPLE)).scalars().all()
    routes = (
        path,
        f"{path}/draw",
        f"{path}/results",
        f"/initiatives/{initiative}",
        f"/initiatives/{initiative}/opinions",
    )
    public = str([await api.get(route) for route in routes]) + str(await api.announced())
    metrics = (await api.request("GET", "/metrics")).text
    assert len(people) == 6
    assert not [person for person in people if person in public + metrics]
