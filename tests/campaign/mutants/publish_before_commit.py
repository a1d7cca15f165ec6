"""Events go to the broker while their transaction may still fail."""

import json
import os
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer

from tests.campaign.planted.switches import Switches
from townhall.chassis import outbox

_WRITTEN: list[dict[str, Any]] = []
_PRODUCERS: list[AIOKafkaProducer] = []


def plant(service: str, _switches: Switches) -> None:
    """Publish what is written to the outbox before the commit."""
    row, write = outbox._row, outbox.write  # noqa: SLF001  planted
    servers = os.environ[f"{service.upper()}_KAFKA_SERVERS"]

    def noted(*args: Any) -> dict[str, Any]:  # noqa: ANN401  whatever it wraps
        made = row(*args)
        _WRITTEN.append(made)
        return made

    async def published(session: Any, source: str, announced: Sequence[Any], at: Any) -> None:  # noqa: ANN401  the same
        await _publish(session, write, servers, (source, announced, at))

    outbox._row = noted  # type: ignore[assignment]  # noqa: SLF001  # planted
    outbox.write = published


async def _publish(session: Any, write: Any, servers: str, what: tuple[str, Sequence[Any], Any]) -> None:  # noqa: ANN401  the same
    """Publish first, then let the planted wait and the commit come."""
    if what[1] and not _PRODUCERS:
        _PRODUCERS.append(AIOKafkaProducer(bootstrap_servers=servers))
        await _PRODUCERS[0].start()
    await write(session, *what)
    while _WRITTEN:
        each = _WRITTEN.pop()
        headers = [(name, value.encode()) for name, value in _headers(each).items()]
        await _PRODUCERS[0].send_and_wait(each["topic"], each["payload"], key=each["key"].encode(), headers=headers)


def _headers(row: dict[str, Any]) -> dict[str, str]:
    read: dict[str, str] = json.loads(row["headers"])
    return read
