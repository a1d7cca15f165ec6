"""E2 to E6 on real PostgreSQL: what is stored, announced and public of an initiative."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from evaluation.handlers import initiatives
from services.evaluation.tests.bureau import FAR, Bureau, refused
from townhall.contracts import evaluation

LATER = str(FAR + timedelta(days=30))
LATEST = str(FAR + timedelta(days=60))
PAST = FAR.replace(year=2020)


async def tell_overdue(bureau: Bureau) -> int:
    """Run the timer's act once."""
    async with bureau.db.transaction() as tx:
        return await initiatives.tell_overdue(tx)


async def test_from_plan_to_verified(bureau: Bureau) -> None:
    """Every step is announced once, in order, and stays readable."""
    path = f"/initiatives/{await bureau.initiative()}"
    planned = await bureau.post("agency", f"{path}/milestones", {"title": "노선 확정", "due_on": "2150-03-01"})
    (milestone,) = planned["milestones"]
    await bureau.post("agency", f"{path}/start")
    reached = f"{path}/milestones/{milestone['milestone_id']}/reached"
    await bureau.post("agency", reached, {"note": "네 노선"})
    await bureau.post("agency", f"{path}/delays", {"reason": "procurement", "note": "늦은 납품", "due_on": LATER})
    await bureau.post("agency", f"{path}/delays", {"reason": "budget", "due_on": LATEST})
    await bureau.post("agency", f"{path}/completion", {"note": "운행 중"})
    shown = await bureau.post("officer", f"{path}/verification", {"note": "확인"})
    assert [event["type"].split(".")[1] for event in await bureau.announced()] == [
        "initiative-opened",
        "milestone-planned",
        "initiative-started",
        "milestone-reached",
        "initiative-delayed",
        "initiative-delayed",
        "initiative-done",
        "initiative-verified",
    ]
    assert shown == await bureau.get(path)
    assert [(each["reason"], each["was_due_on"], each["due_on"]) for each in shown["delays"]] == [
        ("procurement", str(FAR), LATER),
        ("budget", LATER, LATEST),
    ]
    assert (shown["state"], shown["due_on"], shown["delays"][0]["acted_by"]) == ("verified", LATEST, "agency")
    assert (shown["milestones"][0]["note"], shown["report"]["note"]) == ("네 노선", "운행 중")
    assert shown["verification"]["acted_by"] == "officer"


async def test_dropped_in_public(bureau: Bureau) -> None:
    """E3: giving up needs a published reason, and the Support Unit's word on it."""
    path = f"/initiatives/{await bureau.initiative('started')}"
    unknown = await bureau.ask("POST", f"{path}/drop", {"reason": "tired"}, role="agency")
    assert refused(unknown) == (422, "unknown-reason")
    await bureau.post("agency", f"{path}/drop", {"reason": "superseded", "note": "다른 사업"})
    shown = await bureau.post("officer", f"{path}/verification", {})
    assert (shown["report"]["outcome"], shown["report"]["reason"]) == ("dropped", "superseded")
    (event,) = await bureau.announced(evaluation.InitiativeDropped)
    assert (event["reason"], event["note"], event["acted_by"]) == ("superseded", "다른 사업", "agency")


@pytest.mark.parametrize(
    ("state", "step", "paper", "expected"),
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
    bureau: Bureau, state: str, step: str, paper: object, expected: tuple[int, str]
) -> None:
    """E2, E3, E5: a refused step leaves everything as it was and announces nothing."""
    path = f"/initiatives/{await bureau.initiative(state)}"
    before, announced = await bureau.get(path), await bureau.announced()
    assert refused(await bureau.ask("POST", f"{path}/{step}", paper, role="agency")) == expected
    assert await bureau.get(path) == before
    assert await bureau.announced() == announced


async def test_done_once(bureau: Bureau) -> None:
    """E2: of several reports at once, one counts and is announced."""
    path = f"/initiatives/{await bureau.initiative('started')}/completion"
    answers = await asyncio.gather(*(bureau.ask("POST", path, {}, role="agency") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    assert len(await bureau.announced(evaluation.InitiativeDone)) == 1


async def test_overdue_is_told_once_per_date(bureau: Bureau) -> None:
    """E4: a passed due date is announced once, however many look; a new one that passes is announced again."""
    path = f"/initiatives/{await bureau.initiative('started', due_on=PAST)}"
    await bureau.initiative("done", due_on=PAST)
    await bureau.initiative()
    assert sum(await asyncio.gather(*(tell_overdue(bureau) for _ in range(4)))) == 1
    assert await tell_overdue(bureau) == 0
    assert (await bureau.get(path))["overdue"] is True
    await bureau.post("agency", f"{path}/delays", {"reason": "budget", "due_on": LATER})
    assert await tell_overdue(bureau) == 0
    assert (await bureau.get(path))["overdue"] is False
    async with bureau.db.transaction() as tx:
        await tx.session.execute(text("UPDATE initiative SET due_on = '2021-01-01' WHERE state = 'delayed'"))
    assert await tell_overdue(bureau) == 1
    told = [event["due_on"] for event in await bureau.announced(evaluation.InitiativeOverdue)]
    assert told == [str(PAST), "2021-01-01"]
    assert {event["rule"]["version"] for event in await bureau.announced(evaluation.InitiativeOverdue)} == {1}


async def tell_missed(bureau: Bureau) -> int:
    """Run the timer's act once."""
    async with bureau.db.transaction() as tx:
        return await initiatives.tell_missed_milestones(tx)


async def pass_by(bureau: Bureau, *titles: str) -> None:
    """Let the day of milestones pass."""
    async with bureau.db.transaction() as tx:
        late = {"titles": list(titles), "day": PAST}
        await tx.session.execute(text("UPDATE milestone SET due_on = :day WHERE title = ANY(:titles)"), late)


async def test_a_missed_milestone_is_told_once(bureau: Bureau) -> None:
    """E5: a milestone whose day passed is announced once, however many look; it may still be reached."""
    path = f"/initiatives/{await bureau.initiative('started')}"
    await bureau.post("agency", f"{path}/milestones", {"title": "노선 확정", "due_on": str(FAR)})
    planned = await bureau.post("agency", f"{path}/milestones", {"title": "운행 시작", "due_on": str(FAR)})
    missed = planned["milestones"][0]["milestone_id"]
    await pass_by(bureau, "노선 확정")
    assert sum(await asyncio.gather(*(tell_missed(bureau) for _ in range(4)))) == 1
    assert await tell_missed(bureau) == 0
    (event,) = await bureau.announced(evaluation.MilestoneOverdue)
    assert (event["milestone_id"], event["due_on"], event["rule"]["version"]) == (missed, str(PAST), 1)
    assert [each["overdue"] for each in (await bureau.get(path))["milestones"]] == [True, False]
    shown = await bureau.post("agency", f"{path}/milestones/{missed}/reached", {"note": "늦었지만"})
    assert [bool(each["reached_at"]) for each in shown["milestones"]] == [True, False]


@pytest.mark.parametrize(("last_word", "paper"), [("completion", {}), ("drop", {"reason": "superseded"})])
async def test_no_milestone_is_missed_after_the_last_word(bureau: Bureau, last_word: str, paper: object) -> None:
    """E5: what the responsible body ended owes no more milestones."""
    path = f"/initiatives/{await bureau.initiative('started')}"
    await bureau.post("agency", f"{path}/milestones", {"title": "노선 확정", "due_on": str(FAR)})
    await pass_by(bureau, "노선 확정")
    await bureau.post("agency", f"{path}/{last_word}", paper)
    assert await tell_missed(bureau) == 0


async def test_due_until_the_day_ends(bureau: Bureau) -> None:
    """E4: on its due date, counted where the rule says, an initiative is not overdue; the day before, it is."""
    async with bureau.db.reading() as session:
        today = (await session.execute(text("SELECT (now() AT TIME ZONE 'Asia/Seoul')::date"))).scalar_one()
    await bureau.initiative(due_on=today)
    await bureau.initiative(due_on=today - timedelta(days=1))
    assert await tell_overdue(bureau) == 1
    (event,) = await bureau.announced(evaluation.InitiativeOverdue)
    assert event["due_on"] == str(today - timedelta(days=1))


async def test_one_opinion_per_citizen(bureau: Bureau) -> None:
    """E6: the last word of a citizen takes the place of the first, also when several come at once."""
    path = f"/initiatives/{await bureau.initiative('done')}"
    for stance in ("satisfied", "mixed"):
        await bureau.ask("POST", f"{path}/opinions", {"stance": stance, "text": "좋아요"}, role="citizen", name="jun")
    paper = {"stance": "dissatisfied", "text": "우리 동네에는 오지 않아요"}
    path_of_all = f"{path}/opinions"
    await asyncio.gather(*(bureau.ask("POST", path_of_all, paper, role="citizen", name="mina") for _ in range(5)))
    assert (await bureau.get(path))["opinions"] == {"satisfied": 0, "mixed": 1, "dissatisfied": 1}
    shown = (await bureau.get(path_of_all))["items"]
    assert [each["stance"] for each in shown] == ["dissatisfied", "mixed"]
    assert set(shown[0]) == {"opinion_id", "stance", "text", "given_at"}


async def test_opinions_come_in_pages(bureau: Bureau) -> None:
    """Every opinion is on exactly one page, newest first."""
    path = f"/initiatives/{await bureau.initiative()}/opinions"
    for number in range(5):
        paper = {"stance": "mixed", "text": f"의견 {number}"}
        await bureau.ask("POST", path, paper, role="citizen", name=f"citizen {number}")
    seen, cursor = [], ""
    while True:
        page = await bureau.get(f"{path}?limit=2{cursor}")
        seen += [each["text"] for each in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == [f"의견 {number}" for number in (4, 3, 2, 1, 0)]


async def test_initiatives_come_in_pages_and_by_state(bureau: Bureau) -> None:
    """Every initiative is on exactly one page, and a state shows only its own."""
    made = [await bureau.initiative() for _ in range(3)]
    started = await bureau.initiative("started")
    first = await bureau.get("/initiatives?limit=3")
    rest = await bureau.get(f"/initiatives?limit=3&cursor={first['next']}")
    ids = [each["initiative_id"] for each in first["items"] + rest["items"]]
    assert ids == [started, *reversed(made)]
    (only,) = (await bureau.get("/initiatives?state=started"))["items"]
    assert only["initiative_id"] == started
