"""Parallel requests are consistent."""

import asyncio

import pytest

from services.committee.tests.api import MEMBERS, CommitteeApi, problem

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_parallel_positions_recusal_and_decisions(api: CommitteeApi) -> None:
    """C7 to C9: in any order of execution, a recused member's position is not counted."""
    (case_id,) = await api.opened()
    sitting_id = await api.sitting()
    await api.open(sitting_id)
    await api.json("PUT", f"/sittings/{sitting_id}/attendance", member="park")
    await api.json("PUT", f"/cases/{case_id}/position", {"stance": "for"}, chair="lee")
    responses = await asyncio.gather(
        *(api.position(case_id, "for", member) for member in MEMBERS for _ in range(3)),
        api.call("PUT", f"/cases/{case_id}/recusal", {"reason": "가족"}, member="park"),
        api.decide(case_id),
        api.decide(case_id),
    )
    assert all(response.status_code in {200, 409} for response in responses)
    if all(response.is_error for response in responses[-2:]):  # both were executed before the quorum
        assert (await api.decide(case_id)).is_success
    decided = (await api.case(case_id))["decision"]
    positions = "SELECT count(*) FROM position p WHERE NOT EXISTS (SELECT FROM recusal r WHERE r.person = p.person)"
    assert decided["in_favour"] == await api.count("SELECT count(*) FROM position") == await api.count(positions)
    assert len(await api.events("case-deliberated")) == 1


async def test_parallel_outcomes(api: CommitteeApi) -> None:
    """C14, C15: of four parallel outcomes of a case one is accepted, with one directive."""
    meeting_id = await api.meeting()
    (case_id,) = await api.deliberated()
    directive = {"responsible_body": "국토교통부", "instruction": "시행", "due_on": "2199-01-01"}
    payload = {"case_id": str(case_id), "outcome": "adopted", "reason": "feasible", "directive": directive}
    path = f"/strategy-meetings/{meeting_id}/outcomes"
    responses = await asyncio.gather(*(api.call("POST", path, payload, secretary="yun") for _ in range(4)))
    assert sorted(response.status_code for response in responses) == [200, 409, 409, 409]
    assert {problem(response) for response in responses if response.is_error} == {(409, "not-on-agenda")}
    assert len(await api.events("directive-issued")) == 1
