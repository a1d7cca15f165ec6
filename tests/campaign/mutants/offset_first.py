"""Offsets are committed when messages arrive, before their effect."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.campaign.injected.switches import Switches
from townhall.chassis.consuming import consumer
from townhall.chassis.consuming.consumer import Consumer

_CONSUMERS: list[Any] = []


def inject(_service: str, _switches: Switches) -> None:
    """Commit first, then process."""
    parse: Callable[..., Awaitable[Any]] = consumer._parse  # noqa: SLF001  injected
    on_batch: Callable[..., Awaitable[None]] = Consumer._on_batch  # noqa: SLF001  injected

    async def parse_and_note(records: Any, original: Any) -> Any:  # noqa: ANN401  FastStream's
        message = await parse(records, original)
        _CONSUMERS[:] = [message.consumer]
        return message

    async def commit_first(self: Consumer, records: Any) -> None:  # noqa: ANN401  aiokafka's
        await _CONSUMERS[0].commit()
        await on_batch(self, records)

    consumer._parse = parse_and_note  # noqa: SLF001  injected
    Consumer._on_batch = commit_first  # type: ignore[method-assign]  # noqa: SLF001  # injected
