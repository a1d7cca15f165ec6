"""Offsets are committed when messages arrive, before their effect."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.campaign.planted.switches import Switches
from townhall.chassis.consuming import hearing
from townhall.chassis.consuming.consumer import Consumer

_CONSUMERS: list[Any] = []


def plant(_service: str, _switches: Switches) -> None:
    """Commit first, then handle."""
    parse: Callable[..., Awaitable[Any]] = hearing._parse  # noqa: SLF001  planted
    on_batch: Callable[..., Awaitable[None]] = Consumer._on_batch  # noqa: SLF001  planted

    async def parsed(records: Any, original: Any) -> Any:  # noqa: ANN401  FastStream's
        message = await parse(records, original)
        _CONSUMERS[:] = [message.consumer]
        return message

    async def committed_first(self: Consumer, records: Any) -> None:  # noqa: ANN401  aiokafka's
        await _CONSUMERS[0].commit()
        await on_batch(self, records)

    hearing._parse = parsed  # noqa: SLF001  planted
    Consumer._on_batch = committed_first  # type: ignore[method-assign]  # noqa: SLF001  # planted
