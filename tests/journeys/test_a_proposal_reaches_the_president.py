"""The main path: a citizen's proposal is decided by the strategy meeting, and its result is evaluated."""

import hashlib
from datetime import UTC, datetime, timedelta

from tests.contracts.metric_tables import moved
from tests.journeys.in_process import SERVICES, InProcessPlatform, Json, Refused, wait_until

SECRETARY, OFFICER, CHAIR = ("secretary", "s"), ("officer", "o"), ("chair", "c")
MEMBERS = [("member", "m1"), ("member", "m2"), ("member", "m3")]
CITIZENS = [("citizen", f"citizen {number}") for number in range(1, 7)]
AGENCY = ("agency", "ministry")
SEED = "a seed that nobody knows yet"

AUTOMATIC = (
    "voting.vote-opened.v1",
    "voting.threshold-reached.v1",
    "committee.case-opened.v1",
    "committee.case-docketed.v1",
    "committee.case-placed-on-agenda.v1",
    "evaluation.initiative-opened.v1",
)
"""Events of automatic steps: each must be announced exactly once, whatever is retried."""
MOVED_ELSEWHERE = {
    "committee_cases_assignable": "services/committee/tests/test_gauges.py",
    "committee_cases_overdue": "services/committee/tests/test_handlers_meetings.py",
    "evaluation_overdue": "services/evaluation/tests/test_gauges.py",
    "proposal_screenings_overdue": "services/proposal/tests/test_gauges.py",
    "proposal_tasks_referred": "services/proposal/tests/test_routes.py",
    "voting_intake_group_failures": "services/voting/tests/test_intake.py",
    "voting_intake_queued": "services/voting/tests/test_intake.py",
    "voting_recounts": "services/voting/tests/test_gauges.py",
    "voting_votes_differing_from_recount": "services/voting/tests/test_gauges.py",
    "voting_votes_overdue": "services/voting/tests/test_gauges.py",
}
"""Metrics of what doesn't happen on the main path, and the test that sees each of them moved."""


def ahead(**time: float) -> str:
    """Return a time in the future, in ISO 8601."""
    return (datetime.now(UTC) + timedelta(**time)).isoformat()  # noqa: TID251  a date that a person would choose


def later(days: int) -> str:
    """Return a date in the future, in ISO 8601."""
    return ahead(days=days)[:10]


async def test_a_proposal_is_decided_delivered_and_evaluated(platform: InProcessPlatform) -> None:
    """Every automatic step happens exactly once and is in the task's public timeline."""
    sitting = await platform.post(SECRETARY, "committee", "/sittings", sits_at=ahead(hours=1), capacity=3)
    meeting = await platform.post(SECRETARY, "committee", "/strategy-meetings", meets_at=ahead(hours=1), capacity=3)
    task_id = await put_to_the_vote(platform)
    await vote(platform, task_id)
    case_id = await deliberate(platform, task_id, sitting["sitting_id"])
    initiative_id = await adopt(platform, case_id, meeting["meeting_id"])
    await deliver(platform, initiative_id)
    await evaluate(platform, initiative_id)
    await platform.settle()

    task = await platform.get("proposal", f"/tasks/{task_id}")
    assert task["state"] == "evaluated"
    announced, timeline = await platform.announced(), [fact["type"] for fact in task["timeline"]]
    assert {kind: announced[kind] for kind in AUTOMATIC} == dict.fromkeys(AUTOMATIC, 1)
    assert {kind: timeline.count(kind) for kind in AUTOMATIC} == dict.fromkeys(AUTOMATIC, 1)
    still = {name for service in SERVICES for name, has_moved in moved(f"{service}.metrics").items() if not has_moved}
    assert still <= MOVED_ELSEWHERE.keys()


async def put_to_the_vote(platform: InProcessPlatform) -> str:
    """Submit and admit a proposal and select a task; wait until its vote is open; return the task id."""
    rule = {"yes_more_than": 3, "ballots_changeable": True}
    await platform.post(SECRETARY, "voting", "/rules", article="제12조", parameters=rule)
    wording = {"title": "심야 버스", "problem": "밤 11시 이후에는 버스가 없습니다.", "remedy": ""}
    proposal_id = (await platform.post(CITIZENS[0], "proposal", "/proposals", **wording))["proposal_id"]
    await platform.put(CITIZENS[1], "proposal", f"/proposals/{proposal_id}/support")
    screening = {"decision": "admit", "reason": "public-interest"}
    await platform.post(OFFICER, "proposal", f"/proposals/{proposal_id}/screening", **screening)
    task = await platform.post(
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
    await platform.settle()
    await wait_until(lambda: open_vote(platform, task_id))
    return task_id


async def open_vote(platform: InProcessPlatform, task_id: str) -> Json | None:
    """Return the vote once it is open."""
    found = await platform.get("voting", f"/votes/{task_id}")
    return found if found["state"] == "open" else None


async def vote(platform: InProcessPlatform, task_id: str) -> None:
    """Cast ballots: three yes don't reach the threshold, nor does a repeated one; a changed one does."""
    path = f"/votes/{task_id}/ballot"
    for citizen, choice in zip(CITIZENS, ["yes", "yes", "yes", "no", "no"], strict=False):
        assert (await platform.put(citizen, "voting", path, choice=choice))["outcome"] == "counted"
    assert (await platform.put(CITIZENS[0], "voting", path, choice="yes"))["outcome"] == "unchanged"
    before = await wait_until(lambda: totals(platform, task_id, yes=3))
    assert (before["no"], before["threshold"]["reached"]) == (2, False)
    assert (await platform.put(CITIZENS[3], "voting", path, choice="yes"))["outcome"] == "changed"
    after = await wait_until(lambda: totals(platform, task_id, yes=4))
    assert (after["no"], after["threshold"]["reached"]) == (1, True)
    await platform.settle()


async def totals(platform: InProcessPlatform, task_id: str, yes: int) -> Json | None:
    """Return the vote once it shows so many yes: public totals may be a second old."""
    found = await platform.get("voting", f"/votes/{task_id}")
    return found if found["yes"] == yes else None


async def deliberate(platform: InProcessPlatform, task_id: str, sitting_id: str) -> str:
    """Decide the docketed case in a sitting with a quorum and one recused member; return the case id."""
    (case,) = (await platform.get("committee", "/cases", task_id=task_id))["items"]
    assert (case["cause"], case["sitting_id"]) == ("threshold", sitting_id)
    case_path, sitting_path = f"/cases/{case['case_id']}", f"/sittings/{sitting_id}"
    for member in (CHAIR, *MEMBERS):
        await platform.put(member, "committee", f"{sitting_path}/attendance")
    await platform.post(CHAIR, "committee", f"{sitting_path}/opening")
    await platform.put(MEMBERS[2], "committee", f"{case_path}/recusal", reason="My company runs buses.")
    for member in (CHAIR, *MEMBERS[:2]):
        await platform.put(member, "committee", f"{case_path}/position", stance="for")
    decided = await platform.post(
        CHAIR, "committee", f"{case_path}/decision", decision="recommended", reasons=["public-benefit"]
    )
    assert (decided["decision"]["in_favour"], decided["decision"]["recused"]) == (3, 1)
    await platform.settle()
    return str(case["case_id"])


async def adopt(platform: InProcessPlatform, case_id: str, meeting_id: str) -> str:
    """Adopt the case in the strategy meeting; return the id of the initiative opened for its directive."""
    agenda = (await platform.get("committee", f"/strategy-meetings/{meeting_id}"))["agenda"]
    assert [item["case_id"] for item in agenda] == [case_id]
    case = await platform.post(
        SECRETARY,
        "committee",
        f"/strategy-meetings/{meeting_id}/outcomes",
        case_id=case_id,
        outcome="adopted",
        reason="public-benefit",
        directive={"responsible_body": "국토교통부", "instruction": "시범 운행하십시오.", "due_on": later(90)},
    )
    await platform.settle()
    initiatives = (await platform.get("evaluation", "/initiatives"))["items"]
    assert [one["directive_id"] for one in initiatives] == [case["directive_id"]]
    return str(initiatives[0]["initiative_id"])


async def deliver(platform: InProcessPlatform, initiative_id: str) -> None:
    """Start, delay, complete and verify the initiative; a citizen gives an opinion."""
    path = f"/initiatives/{initiative_id}"
    await platform.post(AGENCY, "evaluation", f"{path}/start")
    await platform.post(AGENCY, "evaluation", f"{path}/delays", reason="procurement", due_on=later(120))
    await platform.post(AGENCY, "evaluation", f"{path}/completion", note="운행 중입니다.")
    await platform.post(OFFICER, "evaluation", f"{path}/verification", note="확인했습니다.")
    await platform.post(CITIZENS[0], "evaluation", f"{path}/opinions", stance="satisfied", text="자정에도 집에 갑니다.")


async def evaluate(platform: InProcessPlatform, initiative_id: str) -> None:
    """Run an evaluation round with a panel of three and open scores, weighted 7 to 3."""
    opened = await platform.post(
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
        (await platform.put(citizen, "evaluation", f"{path}/application", **stratum))["ticket"]: citizen
        for citizen in CITIZENS
    }
    await wait_until(lambda: drawn_panel(platform, path))
    drawn = (await platform.get("evaluation", f"{path}/draw"))["drawn"]
    for ticket, citizen in tickets.items():
        track, score = ("scores", 80) if ticket in drawn else ("open-scores", 60)
        await platform.put(citizen, "evaluation", f"{path}/{track}/{initiative_id}", score=score)
    await platform.post(SECRETARY, "evaluation", f"{path}/publication")
    (result,) = (await platform.get("evaluation", f"{path}/results"))["items"]
    assert float(result["weighted_score"]) == 74.0


async def drawn_panel(platform: InProcessPlatform, path: str) -> Json | None:
    """Draw the panel; None while applications are open."""
    try:
        return await platform.post(SECRETARY, "evaluation", f"{path}/draw", seed=SEED)
    except Refused as refused:
        if str(refused) != "applications-still-open":
            raise
        return None
