"""A service's AsyncAPI document, made from the contracts by FastStream's generator."""

from collections.abc import Sequence
from typing import Any, Union

from faststream.kafka import KafkaBroker
from faststream.specification import AsyncAPI

from townhall.contracts import Event


def document(name: str, announces: Sequence[type[Event]], hears: Sequence[type[Event]]) -> dict[str, Any]:
    """Describe what a service publishes and hears (AsyncAPI 3.0). The broker here only describes; it never starts."""
    broker = KafkaBroker("kafka.example:9092", logger=None)
    for topic, kinds in _by_topic(announces).items():
        broker.publisher(topic, title=f"{topic}-published", schema=Union[tuple(kinds)])  # noqa: UP007  built at run time
    for topic, kinds in _by_topic(hears).items():
        body: Any = Union[tuple(kinds)]  # noqa: UP007  built at run time

        async def hear(event: body) -> None:
            """Act on the fact."""

        broker.subscriber(topic, title=f"{topic}-heard")(hear)
    specification = AsyncAPI(broker, title=f"Townhall: {name}", version="1")
    return specification.to_specification().to_jsonable()  # type: ignore[no-any-return]


def _by_topic(kinds: Sequence[type[Event]]) -> dict[str, list[type[Event]]]:
    found: dict[str, list[type[Event]]] = {}
    for kind in kinds:
        found.setdefault(kind.TOPIC, []).append(kind)
    return found
