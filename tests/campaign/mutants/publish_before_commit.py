"""Events are published while their transaction may still fail."""

import json
import os
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer

from tests.campaign.injected.switches import Switches
from townhall.chassis import outbox
from townhall.chassis.outbox import announcing

_WRITTEN: list[dict[str, Any]] = []
_PRODUCERS: list[AIOKafkaProducer] = []


def inject(service: str, _switches: Switches) -> None:
    """Publish the rows of the outbox before the commit."""
    row, write = announcing._row, outbox.write  # noqa: SLF001  injected
    servers = os.environ[f"{service.upper()}_KAFKA_SERVERS"]

    def noting_row(*args: Any) -> dict[str, Any]:  # noqa: ANN401  the function it wraps
        made = row(*args)
        _WRITTEN.append(made)
        return made

    async def publishing_write(session: Any, public_url: str, announced: Sequence[Any], at: Any) -> None:  # noqa: ANN401  the same
        await _publish(session, write, servers, (public_url, announced, at))

    announcing._row = noting_row  # type: ignore[assignment]  # noqa: SLF001  # injected
    outbox.write = publishing_write


async def _publish(session: Any, write: Any, servers: str, arguments: tuple[str, Sequence[Any], Any]) -> None:  # noqa: ANN401  the same
    """Publish first; the injected delay and the commit follow."""
    if arguments[1] and not _PRODUCERS:
        _PRODUCERS.append(AIOKafkaProducer(bootstrap_servers=servers))
        await _PRODUCERS[0].start()
    await write(session, *arguments)
    while _WRITTEN:
        each = _WRITTEN.pop()
        headers = [(name, value.encode()) for name, value in _headers(each).items()]
        await _PRODUCERS[0].send_and_wait(each["topic"], each["payload"], key=each["key"].encode(), headers=headers)


def _headers(row: dict[str, Any]) -> dict[str, str]:
    read: dict[str, str] = json.loads(row["headers"])
    return read
