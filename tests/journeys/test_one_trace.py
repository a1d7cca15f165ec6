"""One trace from the ballot that crosses the threshold to everything that follows from it in other services."""

from collections.abc import Awaitable, Callable, Iterator

import pytest
from fastapi import FastAPI
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import text

from services.voting.tests.harness import VotingHarness
from townhall.chassis.db import Database
from townhall.chassis.telemetry import tracers
from townhall.contracts import committee, voting
from townhall.testing import client_for, settle
from townhall.testing.databases import DatabaseOf
from townhall.testing.tokens import Mint

pytestmark = pytest.mark.asyncio(loop_scope="session")

FAST, FRAMEWORK = b'{"choice":"yes"}', b'{ "choice" : "yes" }'
"""A ballot that may take the fast path, and one that may not."""
_TRACES = text(
    "SELECT DISTINCT substr(headers ->> 'traceparent', 4, 32) FROM outbox WHERE headers ->> 'ce_type' = :type"
)


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """The spans that ended, as the SDK exports them."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    previous = tracers.use(provider)
    yield exporter
    tracers.use(previous)


def seen(spans: InMemorySpanExporter, trace_id: str) -> set[tuple[str, str]]:
    """Return the spans of a trace: name and consuming service."""
    return {
        (each.name, str((each.attributes or {}).get("messaging.consumer.group.name", "")))
        for each in spans.get_finished_spans()
        if _trace_id(each) == trace_id
    }


def _trace_id(span: ReadableSpan) -> str:
    return f"{span.context.trace_id:032x}" if span.context else ""


async def announced_in(db: Database, kind: str) -> list[str]:
    """Return the trace ids of the announced events of a type."""
    async with db.reading() as session:
        return list((await session.execute(_TRACES, {"type": kind})).scalars())


@pytest.mark.parametrize("ballot", [FAST, FRAMEWORK], ids=["fast path", "framework"])
async def test_a_ballot_that_crosses_is_one_trace_through_three_services(
    database_of: DatabaseOf,
    running: Callable[..., Awaitable[FastAPI]],
    mint: Mint,
    spans: InMemorySpanExporter,
    ballot: bytes,
) -> None:
    """The request, the case the Committee opens and both lines of proposal's timeline are in the caller's trace."""
    harness = VotingHarness(await database_of("voting"))
    committees = await database_of("committee")
    apps = [await running(db) for db in (harness.db, committees, await database_of("proposal"))]
    harness.use_keys_of(apps[0])
    await harness.enact(more_than=1)
    task_id = await harness.schedule()
    await settle(*apps)
    traces = {name: f"{number:032x}" for number, name in enumerate(("first", "crossing"), start=0xABC)}
    async with client_for(apps[0]) as client:
        for name, trace_id in traces.items():
            headers = {"content-type": "application/json", "traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}
            answer = await client.put(
                f"/votes/{task_id}/ballot", content=ballot, headers=headers | mint("citizen", name).header
            )
            assert answer.status_code == 200
    await settle(*apps)
    request = ("PUT /votes/{task_id}/ballot", "")
    assert seen(spans, traces["first"]) == {request}
    assert seen(spans, traces["crossing"]) == {
        request,
        (f"process {voting.TOPIC}", "committee"),
        (f"process {voting.TOPIC}", "proposal"),
        (f"process {committee.TOPIC}", "proposal"),
    }
    assert await announced_in(harness.db, voting.ThresholdReached.TYPE) == [traces["crossing"]]
    assert await announced_in(committees, committee.CaseOpened.TYPE) == [traces["crossing"]]
