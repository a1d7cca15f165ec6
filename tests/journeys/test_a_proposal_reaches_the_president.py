"""The main path: a citizen's idea is decided at the head of government, and citizens judge what became of it."""

import hashlib
from datetime import UTC, datetime, timedelta

from tests.contracts.metrics import moved
from tests.journeys.whole import SERVICES, Json, Refused, Whole, until

SECRETARY, OFFICER, CHAIR = ("secretary", "s"), ("officer", "o"), ("chair", "c")
MEMBERS = [("member", "m1"), ("member", "m2"), ("member", "m3")]
CITIZENS = [("citizen", f"citizen {number}") for number in range(1, 7)]
AGENCY = ("agency", "ministry")
SEED = "a seed that nobody knows yet"

BY_THEMSELVES = (
    "voting.vote-opened.v1",
    "voting.threshold-reached.v1",
    "committee.case-opened.v1",
    "committee.case-docketed.v1",
    "committee.case-placed-on-agenda.v1",
    "evaluation.initiative-opened.v1",
)
"""What nobody does: each must follow once, whatever is retried beneath."""
MOVED_ELSEWHERE = {
    "committee_cases_overdue": "services/committee/tests/test_handlers_meetings.py",
    "proposal_tasks_referred": "services/proposal/tests/test_routes.py",
    "voting_intake_group_failures": "services/voting/tests/test_intake.py",
    "voting_intake_queued": "services/voting/tests/test_intake.py",
}
"""Metrics of what doesn't happen on the main path, and the test that sees each of them moved."""


def ahead(**time: float) -> str:
    """A moment ahead, by the secretary's calendar."""
    return (datetime.now(UTC) + timedelta(**time)).isoformat()  # noqa: TID251  the platform's own clock is nobody's calendar


def later(days: int) -> str:
    """A day well ahead."""
    return ahead(days=days)[:10]


async def test_a_proposal_reaches_the_president_and_comes_back_judged(whole: Whole) -> None:
    """Every automatic step happens exactly once, the task's public timeline shows them all, and metrics count them."""
    sitting = await whole.post(SECRETARY, "committee", "/sittings", sits_at=ahead(hours=1), capacity=3)
    meeting = await whole.post(SECRETARY, "committee", "/strategy-meetings", meets_at=ahead(hours=1), capacity=3)
    task_id = await put_to_the_vote(whole)
    await vote(whole, task_id)
    case_id = await deliberate(whole, task_id, sitting["sitting_id"])
    initiative_id = await adopt(whole, case_id, meeting["meeting_id"])
    await deliver(whole, initiative_id)
    await evaluate(whole, initiative_id)
    await whole.settle()

    task = await whole.get("proposal", f"/tasks/{task_id}")
    assert task["state"] == "evaluated"
    announced, told = await whole.announced(), [fact["type"] for fact in task["timeline"]]
    assert {kind: announced[kind] for kind in BY_THEMSELVES} == dict.fromkeys(BY_THEMSELVES, 1)
    assert {kind: told.count(kind) for kind in BY_THEMSELVES} == dict.fromkeys(BY_THEMSELVES, 1)
    still = {name for service in SERVICES for name, has_moved in moved(f"{service}.metrics").items() if not has_moved}
    assert still <= MOVED_ELSEWHERE.keys()


async def put_to_the_vote(whole: Whole) -> str:
    """A proposal, admitted, becomes a task whose vote opens by itself."""
    rule = {"yes_more_than": 3, "ballots_changeable": True}
    await whole.post(SECRETARY, "voting", "/rules", article="제12조", parameters=rule)
    wording = {"title": "심야 버스", "problem": "밤 11시 이후에는 버스가 없습니다.", "remedy": ""}
    proposal_id = (await whole.post(CITIZENS[0], "proposal", "/proposals", **wording))["proposal_id"]
    await whole.put(CITIZENS[1], "proposal", f"/proposals/{proposal_id}/support")
    screening = {"decision": "admit", "reason": "public-interest"}
    await whole.post(OFFICER, "proposal", f"/proposals/{proposal_id}/screening", **screening)
    task = await whole.post(
        OFFICER,
        "proposal",
        "/tasks",
        title="심야 버스",
        summary="시범 운행합니다.",
        origin="proposals",
        proposal_ids=[proposal_id],
        reason="public-interest",
    )
    task_id = str(task["task_id"])
    await whole.settle()
    await until(lambda: open_vote(whole, task_id))
    return task_id


async def open_vote(whole: Whole, task_id: str) -> Json | None:
    """The vote, once it takes ballots."""
    found = await whole.get("voting", f"/votes/{task_id}")
    return found if found["state"] == "open" else None


async def vote(whole: Whole, task_id: str) -> None:
    """Three yes are not more than three; a repeated one is not a fourth; a changed one is."""
    path = f"/votes/{task_id}/ballot"
    for citizen, choice in zip(CITIZENS, ["yes", "yes", "yes", "no", "no"], strict=False):
        assert (await whole.put(citizen, "voting", path, choice=choice))["outcome"] == "counted"
    assert (await whole.put(CITIZENS[0], "voting", path, choice="yes"))["outcome"] == "unchanged"
    before = await until(lambda: totals(whole, task_id, yes=3))
    assert (before["no"], before["threshold"]["reached"]) == (2, False)
    assert (await whole.put(CITIZENS[3], "voting", path, choice="yes"))["outcome"] == "changed"
    after = await until(lambda: totals(whole, task_id, yes=4))
    assert (after["no"], after["threshold"]["reached"]) == (1, True)
    await whole.settle()


async def totals(whole: Whole, task_id: str, yes: int) -> Json | None:
    """The vote once it shows so many yes: what everybody sees may be a second old."""
    found = await whole.get("voting", f"/votes/{task_id}")
    return found if found["yes"] == yes else None


async def deliberate(whole: Whole, task_id: str, sitting_id: str) -> str:
    """The case that opened by itself is on the docket; a sitting with quorum decides it, one member recused."""
    (case,) = (await whole.get("committee", "/cases", task_id=task_id))["items"]
    assert (case["cause"], case["sitting_id"]) == ("threshold", sitting_id)
    case_path, sitting_path = f"/cases/{case['case_id']}", f"/sittings/{sitting_id}"
    for member in (CHAIR, *MEMBERS):
        await whole.put(member, "committee", f"{sitting_path}/attendance")
    await whole.post(CHAIR, "committee", f"{sitting_path}/opening")
    await whole.put(MEMBERS[2], "committee", f"{case_path}/recusal", reason="My company runs buses.")
    for member in (CHAIR, *MEMBERS[:2]):
        await whole.put(member, "committee", f"{case_path}/position", stance="for")
    decided = await whole.post(
        CHAIR, "committee", f"{case_path}/decision", decision="recommended", reasons=["public-benefit"]
    )
    assert (decided["decision"]["in_favour"], decided["decision"]["recused"]) == (3, 1)
    await whole.settle()
    return str(case["case_id"])


async def adopt(whole: Whole, case_id: str, meeting_id: str) -> str:
    """The strategy meeting has it on its agenda, adopts it, and the directive becomes an initiative."""
    agenda = (await whole.get("committee", f"/strategy-meetings/{meeting_id}"))["agenda"]
    assert [item["case_id"] for item in agenda] == [case_id]
    case = await whole.post(
        SECRETARY,
        "committee",
        f"/strategy-meetings/{meeting_id}/outcomes",
        case_id=case_id,
        outcome="adopted",
        reason="public-benefit",
        directive={"responsible_body": "국토교통부", "instruction": "시범 운행하십시오.", "due_on": later(90)},
    )
    await whole.settle()
    initiatives = (await whole.get("evaluation", "/initiatives"))["items"]
    assert [one["directive_id"] for one in initiatives] == [case["directive_id"]]
    return str(initiatives[0]["initiative_id"])


async def deliver(whole: Whole, initiative_id: str) -> None:
    """The responsible body starts, is late with a reason, and is done; the Support Unit verifies."""
    path = f"/initiatives/{initiative_id}"
    await whole.post(AGENCY, "evaluation", f"{path}/start")
    await whole.post(AGENCY, "evaluation", f"{path}/delays", reason="procurement", due_on=later(120))
    await whole.post(AGENCY, "evaluation", f"{path}/completion", note="운행 중입니다.")
    await whole.post(OFFICER, "evaluation", f"{path}/verification", note="확인했습니다.")
    await whole.post(CITIZENS[2], "evaluation", f"{path}/opinions", stance="satisfied", text="편해졌습니다.")


async def evaluate(whole: Whole, initiative_id: str) -> None:
    """A drawn panel of three and one other citizen judge: 7 parts to 3."""
    opened = await whole.post(
        SECRETARY,
        "evaluation",
        "/rounds",
        title="국민평가",
        initiative_ids=[initiative_id],
        panel_size=3,
        seed_commitment=hashlib.sha256(SEED.encode()).hexdigest(),
        applications_close_at=ahead(seconds=4),
    )
    path = f"/rounds/{opened['round_id']}"
    stratum = {"region": "서울", "age_band": "20-39", "sex": "female"}
    tickets = {
        (await whole.put(citizen, "evaluation", f"{path}/application", **stratum))["ticket"]: citizen
        for citizen in CITIZENS
    }
    await until(lambda: drawn_panel(whole, path))
    drawn = (await whole.get("evaluation", f"{path}/draw"))["drawn"]
    for ticket, citizen in tickets.items():
        track, score = ("scores", 80) if ticket in drawn else ("open-scores", 60)
        await whole.put(citizen, "evaluation", f"{path}/{track}/{initiative_id}", score=score)
    await whole.post(SECRETARY, "evaluation", f"{path}/publication")
    (result,) = (await whole.get("evaluation", f"{path}/results"))["items"]
    assert float(result["weighted_score"]) == 74.0


async def drawn_panel(whole: Whole, path: str) -> Json | None:
    """The round with its panel, once applications have closed and the lot may be drawn."""
    try:
        return await whole.post(SECRETARY, "evaluation", f"{path}/draw", seed=SEED)
    except Refused as refused:
        if str(refused) != "applications-still-open":
            raise
        return None
