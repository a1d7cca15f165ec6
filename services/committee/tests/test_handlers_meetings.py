"""C12 to C15, C17, C18: agendas, outcomes, directives and overdue cases, over the API."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from committee.handlers.cases import announce_overdue_cases
from committee.handlers.gauges import update_gauges
from services.committee.tests.api import CommitteeApi, Json, problem

pytestmark = pytest.mark.asyncio(loop_scope="session")

TODAY = datetime.now(UTC).date()  # noqa: TID251  the API compares it to real days
DIRECTIVE = {"responsible_body": "국토교통부", "instruction": "시범 운행", "due_on": str(TODAY + timedelta(days=90))}


async def outcome(api: CommitteeApi, meeting_id: str, case_id: UUID, **changed: object) -> Json:
    """Record an outcome, which must be accepted, and return the case."""
    payload = {"case_id": str(case_id), "outcome": "adopted", "reason": "public-benefit"} | changed
    return await api.json("POST", f"/strategy-meetings/{meeting_id}/outcomes", payload, secretary="yun")


@pytest.mark.parametrize(
    ("stance", "decision", "reason"),
    [
        ("for", "recommended", "public-benefit"),
        ("for", "amended", "needs-change"),
        ("against", "declined", "costs-outweigh"),
    ],
)
async def test_every_decided_case_goes_on_an_agenda(api: CommitteeApi, stance: str, decision: str, reason: str) -> None:
    """C12: recommended, amended and declined cases go on the agenda automatically."""
    meeting_id = await api.meeting()
    (case_id,) = await api.opened()
    await api.open(await api.sitting())
    for member in ("han", "choi"):
        await api.position(case_id, stance, member)
    case = (await api.decide(case_id, decision, reason)).json()
    assert (case["state"], case["meeting_id"]) == ("on-agenda", meeting_id)
    agenda = (await api.json("GET", f"/strategy-meetings/{meeting_id}"))["agenda"]
    assert [(each["position"], each["case_id"], each["outcome"]) for each in agenda] == [(1, str(case_id), None)]
    assert [each["type"] for each in await api.events()][-2:] == ["case-deliberated", "case-placed-on-agenda"]


async def test_parallel_calls_of_meetings(api: CommitteeApi) -> None:
    """C12: four cases, four meetings called in parallel: one agenda item per case, no agenda overfilled."""
    cases = await api.deliberated(4)
    await asyncio.gather(*(api.meeting(hours=hour, capacity=1) for hour in (30, 20, 10)), api.meeting(hours=40))
    assert await api.count("SELECT count(*) FROM agenda_item") == 4
    assert await api.count("SELECT max(taken) FROM meeting") <= 5
    assert {(await api.case(each))["state"] for each in cases} == {"on-agenda"}
    assert len(await api.events("case-placed-on-agenda")) == 4


async def test_a_case_without_room_waits(api: CommitteeApi) -> None:
    """C12: two meetings for one get the two oldest cases; the third stays deliberated."""
    first, second, third = await api.deliberated(3)
    later, sooner = await asyncio.gather(api.meeting(hours=9, capacity=1), api.meeting(hours=3, capacity=1))
    placed = {(await api.case(each))["meeting_id"] for each in (first, second)}
    assert placed == {later, sooner}
    waiting = await api.case(third)
    assert (waiting["state"], waiting["meeting_id"]) == ("deliberated", None)


async def test_parallel_decisions_fill_the_agendas(api: CommitteeApi) -> None:
    """C12: six cases decided in parallel, room for four: all are accepted, four go on agendas, two wait."""
    cases = await api.opened(6)
    await api.open(await api.sitting(capacity=6))
    for case_id in cases:
        for member in ("han", "choi"):
            await api.position(case_id, "for", member)
    await api.meeting(hours=9, capacity=1)
    await api.meeting(hours=3, capacity=3)
    responses = await asyncio.gather(*(api.decide(case_id) for case_id in cases))
    assert {response.status_code for response in responses} == {200}
    states = sorted([(await api.case(each))["state"] for each in cases])
    assert states == ["deliberated"] * 2 + ["on-agenda"] * 4
    assert await api.count("SELECT count(*) FROM agenda_item") == 4


async def test_an_adopted_case_gets_one_directive(api: CommitteeApi) -> None:
    """C14, C15: the directive names the body and the due date, and a second outcome is refused."""
    meeting_id = await api.meeting()
    (case_id,) = await api.deliberated()
    case = await outcome(api, meeting_id, case_id, outcome="adopted-with-change", directive=DIRECTIVE)
    assert (case["state"], case["outcome"], case["due_at"]) == ("adopted-with-change", "adopted-with-change", None)
    directive = await api.json("GET", f"/directives/{case['directive_id']}")
    assert directive | DIRECTIVE == directive
    assert (await api.json("GET", "/directives"))["items"] == [directive]
    payload = {"case_id": str(case_id), "outcome": "returned", "reason": "not-feasible"}
    again = await api.call("POST", f"/strategy-meetings/{meeting_id}/outcomes", payload, secretary="yun")
    assert problem(again) == (409, "not-on-agenda")
    assert [each["type"] for each in await api.events()][-2:] == ["outcome-recorded", "directive-issued"]
    assert (await api.events("directive-issued"))[0]["due_on"] == DIRECTIVE["due_on"]


async def test_a_returned_case(api: CommitteeApi) -> None:
    """C14, C15: it ends with its reason and without a directive."""
    meeting_id = await api.meeting()
    (case_id,) = await api.deliberated()
    case = await outcome(api, meeting_id, case_id, outcome="returned", reason="needs-redesign", note="다시")
    assert (case["state"], case["directive_id"], case["outcomes"][0]["reason"]) == ("returned", None, "needs-redesign")


async def test_a_deferral_moves_the_agenda_item(api: CommitteeApi) -> None:
    """C12, C14: the case waits for a later meeting and has one agenda item; the old agenda still shows it."""
    meeting_id = await api.meeting(hours=5)
    (case_id,) = await api.deliberated()
    await api.meeting(hours=4)
    case = await outcome(api, meeting_id, case_id, outcome="deferred", reason="needs-hearing")
    assert (case["state"], case["outcome"], case["meeting_id"]) == ("deliberated", "deferred", None)
    later = await api.meeting(hours=6)
    case = await api.case(case_id)
    assert (case["state"], case["meeting_id"]) == ("on-agenda", later)
    assert await api.count("SELECT count(*) FROM agenda_item") == 1
    old = (await api.json("GET", f"/strategy-meetings/{meeting_id}"))["agenda"]
    assert [(each["case_id"], each["outcome"]) for each in old] == [(str(case_id), "deferred")]
    case = await outcome(api, later, case_id, directive=DIRECTIVE)
    assert [each["outcome"] for each in case["outcomes"]] == ["deferred", "adopted"]


async def test_a_deferral_moves_at_once_when_there_is_room(api: CommitteeApi) -> None:
    """C12: the response to the deferral names the later meeting."""
    meeting_id, later = await api.meeting(hours=5), await api.meeting(hours=7)
    (case_id,) = await api.deliberated()
    case = await outcome(api, meeting_id, case_id, outcome="deferred", reason="not-reached")
    assert (case["state"], case["meeting_id"]) == ("on-agenda", later)
    assert [each["type"] for each in await api.events()][-2:] == ["outcome-recorded", "case-placed-on-agenda"]


async def test_a_held_meeting_gets_no_further_items(api: CommitteeApi) -> None:
    """C12: after its first outcome, later cases wait for the next meeting."""
    meeting_id = await api.meeting(hours=3)
    first, second = await api.deliberated(2)
    await outcome(api, meeting_id, first, outcome="returned", reason="not-feasible")
    await outcome(api, meeting_id, second, outcome="returned", reason="not-feasible")
    (third,) = await api.deliberated()
    assert (await api.case(third))["state"] == "deliberated"


async def test_refused_outcomes(api: CommitteeApi) -> None:
    """C14, C15, C18: each refusal has its code and leaves the case on the agenda."""
    meeting_id = await api.meeting()
    (case_id,) = await api.deliberated()
    path = f"/strategy-meetings/{meeting_id}/outcomes"
    payload = {"case_id": str(case_id), "outcome": "adopted", "reason": "public-benefit"}
    returned = {"outcome": "returned", "reason": "unlawful"}
    yesterday: Json = DIRECTIVE | {"due_on": str(TODAY - timedelta(days=2))}
    refused: list[tuple[Json, tuple[int, str]]] = [
        ({}, (422, "directive-missing")),
        ({"directive": yesterday}, (422, "directive-in-past")),
        (returned | {"directive": DIRECTIVE}, (422, "directive-not-due")),
        ({"reason": "i-like-it"}, (422, "unknown-reason")),
        ({"outcome": "dropped"}, (422, "invalid-request")),
        (returned | {"case_id": meeting_id}, (409, "not-on-agenda")),
    ]
    for changed, expected in refused:
        assert problem(await api.call("POST", path, payload | changed, secretary="yun")) == expected
    assert (await api.case(case_id))["state"] == "on-agenda"
    far = await api.meeting(hours=24 * 9)
    early = await api.call("POST", f"/strategy-meetings/{far}/outcomes", payload | returned, secretary="yun")
    assert problem(early) == (409, "not-on-agenda")
    assert await api.count("SELECT count(*) FROM outcome") == 0


async def test_an_outcome_is_not_recorded_before_the_meeting(api: CommitteeApi) -> None:
    """C14: it is refused days before the meeting."""
    meeting_id = await api.meeting(hours=24 * 9)
    (case_id,) = await api.deliberated()
    payload = {"case_id": str(case_id), "outcome": "returned", "reason": "unlawful"}
    early = await api.call("POST", f"/strategy-meetings/{meeting_id}/outcomes", payload, secretary="yun")
    assert problem(early) == (409, "meeting-not-due")


async def test_overdue_cases_are_announced_once(api: CommitteeApi) -> None:
    """C17: a case is announced once for each overdue wait: for a sitting, a meeting, and an outcome."""
    (deliberated,) = await api.deliberated()
    (waiting,) = await api.opened()
    async with api.in_days(29) as tx:
        assert await announce_overdue_cases(tx) == 0
    async with api.in_days(31) as tx:
        assert await announce_overdue_cases(tx) == 2
        await update_gauges(tx)
    for awaited in ("sitting", "strategy-meeting"):
        assert REGISTRY.get_sample_value("committee_cases_overdue", {"waits_for": awaited}) == 1
    async with api.in_days(32) as tx:
        assert await announce_overdue_cases(tx) == 0
    assert (await api.case(waiting))["overdue"]
    await api.meeting(hours=1)
    assert not (await api.case(deliberated))["overdue"]
    async with api.in_days(8) as tx:
        assert await announce_overdue_cases(tx) == 1
    announced = [(each["case_id"], each["waits_for"]) for each in await api.events("case-overdue")]
    assert sorted(announced[:2]) == sorted([(str(deliberated), "strategy-meeting"), (str(waiting), "sitting")])
    assert announced[2:] == [(str(deliberated), "outcome")]


VIOLATIONS = [
    (
        """INSERT INTO "case" SELECT gen_random_uuid(), task_id, title, cause, opened_at, state, sitting_id, meeting_id,
        later_than, due_at, due_rule_version, overdue_announced FROM "case" LIMIT 1""",
        "c1_one_case_per_task",
    ),
    ("UPDATE sitting SET taken = capacity + 1", "c3_never_more_cases_than_capacity"),
    ("UPDATE meeting SET taken = capacity + 1", "c12_never_more_items_than_capacity"),
    ("INSERT INTO agenda_item SELECT case_id, meeting_id, position + 1 FROM agenda_item", "c12_one_agenda_item"),
    (
        """INSERT INTO directive SELECT gen_random_uuid(), case_id, task_id, title, responsible_body, instruction,
        due_on, outcome, issued_at FROM directive""",
        "c15_one_directive_per_case",
    ),
    (
        """INSERT INTO outcome SELECT o.case_id, m.meeting_id, 1, 'returned', '', '', now() FROM outcome o, meeting m
        WHERE m.meeting_id <> o.meeting_id""",
        "c14_one_final_outcome_per_case",
    ),
]


@pytest.mark.parametrize(("statement", "constraint"), VIOLATIONS)
async def test_constraints(api: CommitteeApi, statement: str, constraint: str) -> None:
    """C1, C3, C12, C14, C15: the database refuses what breaks a rule over a whole table."""
    meeting_id = await api.meeting()
    await api.meeting(hours=9)
    (case_id,) = await api.deliberated()
    await outcome(api, meeting_id, case_id, directive=DIRECTIVE)
    with pytest.raises(IntegrityError, match=constraint):
        async with api.db.transaction() as tx:
            await tx.session.execute(text(statement))
