"""Several ballots are counted in one transaction; what one of them causes belongs to the trace of its request."""

import pytest
from sqlalchemy import text

from services.voting.tests.harness import BOTH_PATHS, YES, VotingHarness
from townhall.chassis.telemetry import tracing
from voting.domain.ballot import CastBallot, Trace

pytestmark = [pytest.mark.asyncio(loop_scope="session"), BOTH_PATHS]

_TRACEPARENT = text("""
    SELECT headers ->> 'traceparent' FROM outbox WHERE headers ->> 'ce_type' = 'voting.threshold-reached.v1'
""")
HEADERS = [f"00-{number:032x}-00f067aa0ba902b7-01" for number in (1, 2, 3)]


def context_of(header: str) -> Trace:
    """Return the trace context of a request with this header."""
    with tracing.request_span("PUT", header):
        return tracing.current()


async def test_the_threshold_is_announced_in_the_trace_of_the_ballot_that_reached_it(harness: VotingHarness) -> None:
    """Not of the first ballot of the group, nor of the last."""
    await harness.enact(more_than=1)
    task_id = await harness.schedule()
    await harness.count([CastBallot(task_id, header, YES, context_of(header)) for header in HEADERS])
    async with harness.db.reading() as session:
        assert (await session.execute(_TRACEPARENT)).scalars().all() == [HEADERS[1]]
