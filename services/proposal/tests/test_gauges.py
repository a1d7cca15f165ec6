"""The gauges of proposals, tasks and overdue screenings show what is in the database."""

from prometheus_client import REGISTRY

from proposal.handlers.gauges import update_gauges
from services.proposal.tests.harness import ProposalHarness


def gauge(name: str, **labels: str) -> float | None:
    """Return a sample's value; None if it was never set."""
    return REGISTRY.get_sample_value(name, labels)


async def test_gauges_of_states_and_of_overdue_screenings(harness: ProposalHarness) -> None:
    """Each state has a sample, also without any proposal or task in it."""
    admitted = await harness.admitted()
    await harness.selected(admitted.id)
    await harness.submitted()
    await harness.run(update_gauges)
    assert gauge("proposal_screenings_overdue") == 0
    await harness.execute("UPDATE proposal SET screening_due_at = now() WHERE state = 'screening'")
    await harness.run(update_gauges)
    shown = {state: gauge("proposal_proposals", state=state) for state in ("screening", "admitted", "withdrawn")}
    assert shown == {"screening": 1, "admitted": 1, "withdrawn": 0}
    assert (gauge("proposal_tasks", state="selected"), gauge("proposal_tasks", state="evaluated")) == (1, 0)
    assert gauge("proposal_screenings_overdue") == 1
