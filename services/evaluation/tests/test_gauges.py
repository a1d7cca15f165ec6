"""The gauges of initiatives, rounds and what is overdue show what is in the database."""

from datetime import date

from prometheus_client import REGISTRY
from sqlalchemy import text

from evaluation.handlers.gauges import update_gauges
from services.evaluation.tests.api import EvaluationApi

LATE = (
    "UPDATE initiative SET due_on = '2020-01-01' WHERE state = 'planned'",
    "UPDATE round SET due_at = now() - interval '1 day'",
)


def gauge(name: str, **labels: str) -> float | None:
    """Return a sample's value; None if it was never set."""
    return REGISTRY.get_sample_value(name, labels)


async def test_gauges_of_states_and_of_what_is_overdue(api: EvaluationApi) -> None:
    """Each state and each kind has a sample, also with nothing in it."""
    planned = await api.initiative()
    milestone = {"title": "시범", "due_on": str(date(2100, 1, 1))}
    await api.post("agency", f"/initiatives/{planned}/milestones", milestone)
    await api.round(await api.initiative("verified"))
    async with api.db.transaction() as tx:
        await update_gauges(tx)
    states = {state: gauge("evaluation_initiatives", state=state) for state in ("planned", "verified", "dropped")}
    assert states == {"planned": 1, "verified": 1, "dropped": 0}
    assert (gauge("evaluation_rounds", state="applying"), gauge("evaluation_rounds", state="published")) == (1, 0)
    kinds = ("initiative", "milestone", "round")
    assert [gauge("evaluation_overdue", kind=kind) for kind in kinds] == [0, 0, 0]
    async with api.db.transaction() as tx:
        for statement in (*LATE, "UPDATE milestone SET due_on = '2020-01-01'"):
            await tx.session.execute(text(statement))
        await update_gauges(tx)
    assert [gauge("evaluation_overdue", kind=kind) for kind in kinds] == [1, 1, 1]
