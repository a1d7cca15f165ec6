"""A member's word isn't lost between others'."""

import asyncio

import pytest

from services.committee.tests.api import MEMBERS, CommitteeApi, refusal

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_positions_recusals_and_the_decision_at_once(api: CommitteeApi) -> None:
    """C7-C9: whatever the order they are taken in, a recused member's position is never counted."""
    (case_id,) = await api.opened()
    sitting_id = await api.sitting()
    await api.open(sitting_id)
    await api.done("PUT", f"/sittings/{sitting_id}/attendance", member="park")
    await api.done("PUT", f"/cases/{case_id}/position", {"stance": "for"}, chair="lee")
    answers = await asyncio.gather(
        *(api.position(case_id, "for", member) for member in MEMBERS for _ in range(3)),
        api.ask("PUT", f"/cases/{case_id}/recusal", {"reason": "가족"}, member="park"),
        api.decide(case_id),
        api.decide(case_id),
    )
    assert all(answer.status_code in {200, 409} for answer in answers)
    if all(answer.is_error for answer in answers[-2:]):  # both came before there was a quorum
        assert (await api.decide(case_id)).is_success
    decided = (await api.case(case_id))["decision"]
    positions = "SELECT count(*) FROM position p WHERE NOT EXISTS (SELECT FROM recusal r WHERE r.person = p.person)"
    assert decided["in_favour"] == await api.count("SELECT count(*) FROM position") == await api.count(positions)
    assert len(await api.events("case-deliberated")) == 1


async def test_two_outcomes_at_once_are_one(api: CommitteeApi) -> None:
    """C14, C15: the second secretary is refused, and there is one directive."""
    meeting_id = await api.meeting()
    (case_id,) = await api.deliberated()
    directive = {"responsible_body": "국토교통부", "instruction": "시행", "due_on": "2199-01-01"}
    payload = {"case_id": str(case_id), "outcome": "adopted", "reason": "feasible", "directive": directive}
    path = f"/strategy-meetings/{meeting_id}/outcomes"
    answers = await asyncio.gather(*(api.ask("POST", path, payload, secretary="yun") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert {refusal(answer) for answer in answers if answer.is_error} == {(409, "not-on-agenda")}
    assert len(await api.events("directive-issued")) == 1
