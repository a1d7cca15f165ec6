"""C4 to C11: sittings from their call to their end, over the API."""

from uuid import uuid4

import pytest

from committee.handlers.sittings import end_expired_sitting
from services.committee.tests.api import CommitteeApi, problem

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_quorum_of_the_rule_in_force(api: CommitteeApi) -> None:
    """C6: no opening below the quorum; an open sitting keeps its rule version when a new one takes effect."""
    (case_id,) = await api.opened()
    sitting_id = await api.sitting()
    await api.json("PUT", f"/sittings/{sitting_id}/attendance", member="han")
    again = await api.json("PUT", f"/sittings/{sitting_id}/attendance", member="han")
    assert again["present"] == 1
    response = await api.call("POST", f"/sittings/{sitting_id}/opening", chair="lee")
    assert problem(response) == (409, "no-quorum")
    assert (await api.json("GET", f"/sittings/{sitting_id}"))["present"] == 1
    await api.json("PUT", f"/sittings/{sitting_id}/attendance", member="choi")
    opened = await api.json("POST", f"/sittings/{sitting_id}/opening", chair="lee")
    assert (opened["state"], opened["present"], opened["rule_version"]) == ("open", 3, 1)
    (started,) = await api.events("deliberation-started")
    assert (started["present"], started["rule"]["version"]) == (3, 1)
    await _enact(api, decision_quorum=9)
    await api.position(case_id, "for", "han")
    await api.position(case_id, "for", "choi")
    decided = (await api.decide(case_id)).json()["decision"]
    assert (decided["rule"]["version"], decided["in_favour"]) == (1, 2)


async def _enact(api: CommitteeApi, **changed: int) -> None:
    rule = (await api.json("GET", "/rules/1"))["parameters"] | changed
    await api.json("POST", "/rules", {"article": "훈령 제2조", "parameters": rule}, secretary="yun")


async def test_recusal(api: CommitteeApi) -> None:
    """C7, C8: a recusal deletes the member's position and refuses a new one; only the number is public."""
    (case_id,) = await api.opened()
    await api.open(await api.sitting())
    for member in ("han", "choi"):
        assert (await api.position(case_id, "against", member)).is_success
    payload = {"reason": "버스회사 이사"}
    recused = await api.json("PUT", f"/cases/{case_id}/recusal", payload, member="han")
    assert recused == await api.json("PUT", f"/cases/{case_id}/recusal", payload, member="han")
    assert problem(await api.position(case_id, "for", "han")) == (409, "member-recused")
    assert problem(await api.decide(case_id, "declined", "not-feasible")) == (409, "no-decision-quorum")
    await api.json("PUT", f"/cases/{case_id}/position", {"stance": "against"}, chair="lee")
    decided = (await api.decide(case_id, "declined", "not-feasible")).json()["decision"]
    counted = {name: decided[name] for name in ("in_favour", "against", "abstained", "recused")}
    assert counted == {"in_favour": 0, "against": 2, "abstained": 0, "recused": 1}


async def test_a_position_may_change_until_the_decision(api: CommitteeApi) -> None:
    """C8: the last position of a member counts, and only that member can read it."""
    (case_id,) = await api.opened()
    assert problem(await api.position(case_id, "for", "han")) == (409, "case-not-in-deliberation")
    await api.open(await api.sitting())
    for stance in ("against", "abstain", "for"):
        await api.position(case_id, stance, "han")
    await api.position(case_id, "for", "choi")
    mine = await api.json("GET", f"/cases/{case_id}/position", member="han")
    assert mine["stance"] == "for"
    other = await api.call("GET", f"/cases/{case_id}/position", member="park")
    assert problem(other) == (404, "no-position")
    assert problem(await api.position(case_id, "for", "park")) == (409, "not-attending")
    assert problem(await api.decide(case_id, "declined", "not-feasible")) == (409, "against-majority")
    assert (await api.decide(case_id)).json()["decision"]["in_favour"] == 2
    assert problem(await api.position(case_id, "against", "han")) == (409, "case-not-in-deliberation")
    assert problem(await api.decide(case_id)) == (409, "case-not-in-deliberation")
    assert len(await api.events("case-deliberated")) == 1


async def test_a_recused_or_absent_chair_does_not_decide(api: CommitteeApi) -> None:
    """C9: a chair who is absent or recused is refused."""
    (case_id,) = await api.opened()
    await api.open(await api.sitting())
    payload = {"decision": "deferred", "reasons": ["no-quorum"]}
    absent = await api.call("POST", f"/cases/{case_id}/decision", payload, chair="other")
    assert problem(absent) == (409, "not-attending")
    await api.json("PUT", f"/cases/{case_id}/recusal", {"reason": "가족"}, chair="lee")
    assert problem(await api.decide(case_id, "deferred", "no-quorum")) == (409, "member-recused")


async def test_a_deferred_case_goes_to_a_later_sitting(api: CommitteeApi) -> None:
    """C11: it goes at once to a later sitting with room, never to an earlier one, with public reasons."""
    (case_id,) = await api.opened()
    await api.open(await api.sitting(hours=2))
    earlier, later = await api.sitting(hours=1), await api.sitting(hours=3)
    case = (await api.decide(case_id, "deferred", "needs-evidence")).json()
    assert (case["state"], case["sitting_id"], case["decision"]) == ("docketed", later, None)
    assert [(each["reasons"], each["acted_by"]) for each in case["deferrals"]] == [(["needs-evidence"], "chair")]
    assert (await api.json("GET", f"/sittings/{earlier}"))["cases"] == []
    types = [each["type"] for each in await api.events()]
    assert types[-2:] == ["case-deferred", "case-docketed"]


async def test_closing_defers_undecided_cases(api: CommitteeApi) -> None:
    """C11: an undecided case of a closed sitting is deferred by the rule, and goes to the next sitting called."""
    decided, undecided = await api.opened(2)
    sitting_id = await api.sitting()
    await api.open(sitting_id)
    for member in ("han", "choi"):
        await api.position(decided, "for", member)
    await api.decide(decided)
    closed = await api.json("POST", f"/sittings/{sitting_id}/closing", chair="lee")
    assert (closed["state"], closed["cases"]) == ("closed", [str(decided), str(undecided)])
    case = await api.case(undecided)
    assert (case["state"], case["sitting_id"]) == ("deferred", None)
    assert (case["deferrals"][0]["reasons"], case["deferrals"][0]["acted_by"]) == (["not-reached"], "rule")
    next_one = await api.sitting(hours=5)
    assert (await api.case(undecided))["sitting_id"] == next_one
    again = await api.call("POST", f"/sittings/{sitting_id}/closing", chair="lee")
    assert problem(again) == (409, "sitting-elsewhere")
    (event,) = await api.events("case-deferred")
    assert (event["acted_by"], event["rule"]["version"]) == ("rule", 1)


async def test_a_sitting_nobody_opens_lapses(api: CommitteeApi) -> None:
    """C11: the timer ends it, and its cases go to the next sitting with room."""
    (case_id,) = await api.opened()
    sitting_id = await api.sitting(hours=1)
    async with api.in_days(1) as tx:
        assert await end_expired_sitting(tx) == 0
    later = await api.sitting(hours=24 * 9)
    async with api.in_days(2) as tx:
        assert await end_expired_sitting(tx) == 1
    async with api.in_days(2) as tx:
        assert await end_expired_sitting(tx) == 0
    case = await api.case(case_id)
    assert (case["state"], case["sitting_id"]) == ("docketed", later)
    assert case["deferrals"][0]["reasons"] == ["sitting-not-held"]
    lapsed = await api.call("POST", f"/sittings/{sitting_id}/opening", chair="lee")
    assert problem(lapsed) == (409, "sitting-elsewhere")


async def test_a_sitting_nobody_closes_is_closed_automatically(api: CommitteeApi) -> None:
    """C11: the timer closes it after `longest_sitting_hours`, and its cases are deferred."""
    (case_id,) = await api.opened()
    sitting_id = await api.sitting()
    await api.open(sitting_id)
    async with api.in_days(1.1) as tx:
        assert await end_expired_sitting(tx) == 1
    assert (await api.json("GET", f"/sittings/{sitting_id}"))["state"] == "closed"
    assert (await api.case(case_id))["state"] == "deferred"


async def test_attendance_and_calls_at_the_wrong_time(api: CommitteeApi) -> None:
    """C4, C5: attendance weeks ahead, a call for a past time, and an unknown sitting are refused."""
    sitting_id = await api.sitting(hours=24 * 20)
    early = await api.call("PUT", f"/sittings/{sitting_id}/attendance", member="han")
    assert problem(early) == (409, "sitting-not-due")
    past = {"sits_at": "2020-01-01T00:00:00Z", "capacity": 1}
    assert problem(await api.call("POST", "/sittings", past, secretary="yun")) == (422, "sitting-in-past")
    unknown = await api.call("PUT", f"/sittings/{uuid4()}/attendance", member="han")
    assert problem(unknown) == (404, "no-such-sitting")
