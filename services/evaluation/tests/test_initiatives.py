"""E2 to E6 on PostgreSQL: what is stored, announced and published of an initiative."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from evaluation.handlers import initiatives, milestones
from services.evaluation.tests.api import FAR, EvaluationApi, problem
from townhall.contracts import evaluation

LATER = str(FAR + timedelta(days=30))
LATEST = str(FAR + timedelta(days=60))
PAST = FAR.replace(year=2020)


async def announce_overdue(api: EvaluationApi) -> int:
    """Run the timer once; return how many were announced."""
    async with api.db.transaction() as tx:
        return await initiatives.announce_overdue(tx)


async def test_from_plan_to_verified(api: EvaluationApi) -> None:
    """Every step is announced once, in order, and stays in the response."""
    path = f"/initiatives/{await api.initiative()}"
    planned = await api.post("agency", f"{path}/milestones", {"title": "노선 확정", "due_on": "2150-03-01"})
    (milestone,) = planned["milestones"]
    await api.post("agency", f"{path}/start")
    reached = f"{path}/milestones/{milestone['milestone_id']}/reached"
    await api.post("agency", reached, {"note": "네 노선"})
    await api.post("agency", f"{path}/delays", {"reason": "procurement", "note": "늦은 납품", "due_on": LATER})
    await api.post("agency", f"{path}/delays", {"reason": "budget", "due_on": LATEST})
    await api.post("agency", f"{path}/completion", {"note": "운행 중"})
    shown = await api.post("officer", f"{path}/verification", {"note": "확인"})
    assert [event["type"].split(".")[1] for event in await api.announced()] == [
        "initiative-opened",
        "milestone-planned",
        "initiative-started",
        "milestone-reached",
        "initiative-delayed",
        "initiative-delayed",
        "initiative-done",
        "initiative-verified",
    ]
    assert shown == await api.get(path)
    assert [(each["reason"], each["was_due_on"], each["due_on"]) for each in shown["delays"]] == [
        ("procurement", str(FAR), LATER),
        ("budget", LATER, LATEST),
    ]
    assert (shown["state"], shown["due_on"], shown["delays"][0]["acted_by"]) == ("verified", LATEST, "agency")
    assert (shown["milestones"][0]["note"], shown["report"]["note"]) == ("네 노선", "운행 중")
    assert shown["verification"]["acted_by"] == "officer"


async def test_dropped_with_a_reason(api: EvaluationApi) -> None:
    """E3: dropping needs a published reason, and is verified by the Support Unit."""
    path = f"/initiatives/{await api.initiative('started')}"
    unknown = await api.request("POST", f"{path}/drop", {"reason": "tired"}, role="agency")
    assert problem(unknown) == (422, "unknown-reason")
    await api.post("agency", f"{path}/drop", {"reason": "superseded", "note": "다른 사업"})
    shown = await api.post("officer", f"{path}/verification", {})
    assert (shown["report"]["outcome"], shown["report"]["reason"]) == ("dropped", "superseded")
    (event,) = await api.announced(evaluation.InitiativeDropped)
    assert (event["reason"], event["note"], event["acted_by"]) == ("superseded", "다른 사업", "agency")


@pytest.mark.parametrize(
    ("state", "step", "payload", "expected"),
    [
        ("planned", "completion", {}, (409, "initiative-not-in-that-state")),
        ("started", "start", None, (409, "initiative-not-in-that-state")),
        ("done", "delays", {"reason": "budget", "due_on": LATER}, (409, "initiative-not-in-that-state")),
        ("started", "delays", {"reason": "budget", "due_on": str(FAR)}, (422, "new-date-not-later")),
        ("done", "milestones", {"title": "끝", "due_on": LATER}, (409, "initiative-not-under-way")),
        ("started", "milestones", {"title": "어제", "due_on": str(PAST)}, (422, "milestone-in-the-past")),
        ("planned", f"milestones/{'0' * 8}-0000-4000-8000-{'0' * 12}/reached", {}, (404, "no-such-milestone")),
    ],
)
async def test_refused_without_effect(
    api: EvaluationApi, state: str, step: str, payload: object, expected: tuple[int, str]
) -> None:
    """E2, E3, E5: a refused step changes nothing and announces nothing."""
    path = f"/initiatives/{await api.initiative(state)}"
    before, announced = await api.get(path), await api.announced()
    assert problem(await api.request("POST", f"{path}/{step}", payload, role="agency")) == expected
    assert await api.get(path) == before
    assert await api.announced() == announced


async def test_done_once(api: EvaluationApi) -> None:
    """E2: of several concurrent reports, one is accepted and announced."""
    path = f"/initiatives/{await api.initiative('started')}/completion"
    answers = await asyncio.gather(*(api.request("POST", path, {}, role="agency") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    assert len(await api.announced(evaluation.InitiativeDone)) == 1


async def test_each_passed_due_date_is_announced_once(api: EvaluationApi) -> None:
    """E4: concurrent timers announce a passed due date once; a later due date that passes is announced again."""
    path = f"/initiatives/{await api.initiative('started', due_on=PAST)}"
    await api.initiative("done", due_on=PAST)
    await api.initiative()
    assert sum(await asyncio.gather(*(announce_overdue(api) for _ in range(4)))) == 1
    assert await announce_overdue(api) == 0
    assert (await api.get(path))["overdue"] is True
    await api.post("agency", f"{path}/delays", {"reason": "budget", "due_on": LATER})
    assert await announce_overdue(api) == 0
    assert (await api.get(path))["overdue"] is False
    async with api.db.transaction() as tx:
        await tx.session.execute(text("UPDATE initiative SET due_on = '2021-01-01' WHERE state = 'delayed'"))
    assert await announce_overdue(api) == 1
    announced = [event["due_on"] for event in await api.announced(evaluation.InitiativeOverdue)]
    assert announced == [str(PAST), "2021-01-01"]
    assert {event["rule"]["version"] for event in await api.announced(evaluation.InitiativeOverdue)} == {1}


async def announce_overdue_milestones(api: EvaluationApi) -> int:
    """Run the timer once; return how many were announced."""
    async with api.db.transaction() as tx:
        return await milestones.announce_overdue(tx)


async def make_overdue(api: EvaluationApi, *titles: str) -> None:
    """Move the due date of milestones with these titles into the past."""
    async with api.db.transaction() as tx:
        values = {"titles": list(titles), "day": PAST}
        await tx.session.execute(text("UPDATE milestone SET due_on = :day WHERE title = ANY(:titles)"), values)


async def test_an_overdue_milestone_is_announced_once(api: EvaluationApi) -> None:
    """E5: concurrent timers announce an overdue milestone once; it may still be reached."""
    path = f"/initiatives/{await api.initiative('started')}"
    await api.post("agency", f"{path}/milestones", {"title": "노선 확정", "due_on": str(FAR)})
    planned = await api.post("agency", f"{path}/milestones", {"title": "운행 시작", "due_on": str(FAR)})
    overdue = planned["milestones"][0]["milestone_id"]
    await make_overdue(api, "노선 확정")
    assert sum(await asyncio.gather(*(announce_overdue_milestones(api) for _ in range(4)))) == 1
    assert await announce_overdue_milestones(api) == 0
    (event,) = await api.announced(evaluation.MilestoneOverdue)
    assert (event["milestone_id"], event["due_on"], event["rule"]["version"]) == (overdue, str(PAST), 1)
    assert [each["overdue"] for each in (await api.get(path))["milestones"]] == [True, False]
    shown = await api.post("agency", f"{path}/milestones/{overdue}/reached", {"note": "늦었지만"})
    assert [bool(each["reached_at"]) for each in shown["milestones"]] == [True, False]


@pytest.mark.parametrize(("report", "payload"), [("completion", {}), ("drop", {"reason": "superseded"})])
async def test_no_milestone_is_overdue_after_the_report(api: EvaluationApi, report: str, payload: object) -> None:
    """E5: milestones of an initiative that is done or dropped are not announced as overdue."""
    path = f"/initiatives/{await api.initiative('started')}"
    await api.post("agency", f"{path}/milestones", {"title": "노선 확정", "due_on": str(FAR)})
    await make_overdue(api, "노선 확정")
    await api.post("agency", f"{path}/{report}", payload)
    assert await announce_overdue_milestones(api) == 0


async def test_due_until_the_day_ends(api: EvaluationApi) -> None:
    """E4: an initiative is overdue from midnight after its due date, in the rule's time zone."""
    async with api.db.reading() as session:
        today = (await session.execute(text("SELECT (now() AT TIME ZONE 'Asia/Seoul')::date"))).scalar_one()
    await api.initiative(due_on=today)
    await api.initiative(due_on=today - timedelta(days=1))
    assert await announce_overdue(api) == 1
    (event,) = await api.announced(evaluation.InitiativeOverdue)
    assert event["due_on"] == str(today - timedelta(days=1))


async def test_one_opinion_per_citizen(api: EvaluationApi) -> None:
    """E6: a citizen's later opinion replaces the earlier one, also when several are given concurrently."""
    path = f"/initiatives/{await api.initiative('done')}"
    for stance in ("satisfied", "mixed"):
        await api.request("POST", f"{path}/opinions", {"stance": stance, "text": "좋아요"}, role="citizen", name="jun")
    payload = {"stance": "dissatisfied", "text": "우리 동네에는 오지 않아요"}
    opinions = f"{path}/opinions"
    await asyncio.gather(*(api.request("POST", opinions, payload, role="citizen", name="mina") for _ in range(5)))
    assert (await api.get(path))["opinions"] == {"satisfied": 0, "mixed": 1, "dissatisfied": 1}
    shown = (await api.get(opinions))["items"]
    assert [each["stance"] for each in shown] == ["dissatisfied", "mixed"]
    assert set(shown[0]) == {"opinion_id", "stance", "text", "given_at"}


async def test_opinions_come_in_pages(api: EvaluationApi) -> None:
    """Each opinion is on exactly one page, newest first."""
    path = f"/initiatives/{await api.initiative()}/opinions"
    for number in range(5):
        payload = {"stance": "mixed", "text": f"의견 {number}"}
        await api.request("POST", path, payload, role="citizen", name=f"citizen {number}")
    seen, cursor = [], ""
    while True:
        page = await api.get(f"{path}?limit=2{cursor}")
        seen += [each["text"] for each in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == [f"의견 {number}" for number in (4, 3, 2, 1, 0)]


async def test_initiatives_come_in_pages_and_by_state(api: EvaluationApi) -> None:
    """Each initiative is on exactly one page; `state` filters."""
    made = [await api.initiative() for _ in range(3)]
    started = await api.initiative("started")
    first = await api.get("/initiatives?limit=3")
    rest = await api.get(f"/initiatives?limit=3&cursor={first['next']}")
    ids = [each["initiative_id"] for each in first["items"] + rest["items"]]
    assert ids == [started, *reversed(made)]
    (only,) = (await api.get("/initiatives?state=started"))["items"]
    assert only["initiative_id"] == started
