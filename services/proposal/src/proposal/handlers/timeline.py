"""Recording the events about tasks."""

from collections.abc import Sequence

from proposal.domain.timeline import Fact, furthest_by_task
from proposal.store import timeline
from townhall.chassis.db import Transaction


async def record_facts(tx: Transaction, facts: Sequence[Fact]) -> None:
    """Add facts to the timelines of their tasks (P14) and advance the tasks' states (P15).

    Facts recorded before change nothing. A task may still be unknown here; its facts are stored all the same.
    """
    await timeline.add(tx.session, facts)
    await timeline.advance_states(tx.session, furthest_by_task(facts))
