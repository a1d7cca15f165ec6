"""Every event on the wire. Readers look a type up here; an unknown type is not theirs to judge."""

from collections.abc import Iterator, Mapping
from typing import Final

from townhall.contracts import committee, evaluation, proposal, voting
from townhall.contracts.event import Event, ReceivedEvent

__all__ = [
    "CATALOGUE",
    "CONSUMED_TOPICS",
    "TOPICS",
    "Event",
    "ReceivedEvent",
    "committee",
    "evaluation",
    "proposal",
    "voting",
]


def _leaves(kind: type[Event]) -> Iterator[type[Event]]:
    for child in kind.__subclasses__():
        if "TYPE" in vars(child):
            yield child
        yield from _leaves(child)


CATALOGUE: Final[dict[str, type[Event]]] = {kind.TYPE: kind for kind in _leaves(Event)}
"""Event class by CloudEvents type."""

TOPICS: Final[tuple[str, ...]] = (proposal.TOPIC, voting.TOPIC, committee.TOPIC, evaluation.TOPIC)
"""One topic per service."""

CONSUMED_TOPICS: Final[Mapping[str, tuple[str, ...]]] = {
    "proposal": TOPICS,
    "voting": (proposal.TOPIC,),
    "committee": (proposal.TOPIC, voting.TOPIC),
    "evaluation": (committee.TOPIC,),
}
"""The topics each service reads. A service that subscribes to another one fails a test, and on a cluster with ACLs."""
