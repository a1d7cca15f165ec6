"""Making the effects of events that are read, taken into the inbox and not yet applied."""

from collections.abc import Iterable
from itertools import groupby
from uuid import UUID

from townhall.chassis import trace
from townhall.chassis.consuming.decoding import Ready
from townhall.chassis.db import Transaction


async def make(tx: Transaction, events: Iterable[Ready]) -> None:
    """Hand the events to their handlers, in order: to each all that come for it in a row."""
    for handler, run in groupby(events, key=lambda event: event.handler):
        together = list(run)
        with trace.following_each((event.received.event.key, event.traceparent) for event in together):
            await handler(tx, [event.received for event in together])


def fresh(events: Iterable[Ready], taken: set[UUID]) -> list[Ready]:
    """Return the events that the inbox took, each where it first comes."""
    first: dict[UUID, Ready] = {}
    for event in events:
        first.setdefault(event.received.id, event)
    return [event for event_id, event in first.items() if event_id in taken]
