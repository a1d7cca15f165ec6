"""The gauges of cases, and the times from crossing to case and from decision to agenda."""

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from committee.handlers.gauges import update_gauges
from services.committee.tests.api import CommitteeApi

pytestmark = pytest.mark.asyncio(loop_scope="session")

TAKEN_OFF = text("UPDATE \"case\" SET state = 'deliberated', due_at = now(), due_rule_version = 1")


def value(name: str, **labels: str) -> float:
    """Return a sample's value; 0 if it was never set."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def update(api: CommitteeApi) -> None:
    """Run the timer of the gauges once."""
    async with api.db.transaction() as tx:
        await update_gauges(tx)


async def test_a_case_that_scheduling_left_out_is_counted(api: CommitteeApi) -> None:
    """C12: a deliberated case without a meeting is none; with room at a meeting it is, until it is on an agenda."""
    await api.deliberated()
    await update(api)
    assert value("committee_cases", state="deliberated") == 1
    assert value("committee_cases_assignable", waits_for="strategy-meeting") == 0
    await api.meeting()
    await update(api)
    assert value("committee_cases", state="on-agenda") == 1
    async with api.db.transaction() as tx:
        await tx.session.execute(TAKEN_OFF)
    await update(api)
    assert value("committee_cases_assignable", waits_for="strategy-meeting") == 1


async def test_times_to_case_and_to_agenda(api: CommitteeApi) -> None:
    """Each case of a threshold, and each decided case on an agenda, is measured."""
    names = ("committee_crossing_to_case_seconds_count", "committee_decision_to_agenda_seconds_count")
    before = [value(name) for name in names]
    await api.meeting()
    await api.deliberated(2)
    await update(api)
    assert [value(name) for name in names] == [number + 2 for number in before]
    assert value("committee_cases_from_threshold") == 2
