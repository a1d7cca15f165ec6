"""Running until SIGINT or SIGTERM."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Final

_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


async def stop_signal(serve: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run `serve(stopping)` until it returns, or until SIGINT or SIGTERM cancels it.

    `stopping` is set on SIGINT or SIGTERM; `serve` waits for it when it has nothing else to do. A second signal has its
    default effect and ends the process at once.
    """
    stopping = asyncio.Event()
    serving = asyncio.ensure_future(serve(stopping))
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for each in _STOP_SIGNALS:
            loop.remove_signal_handler(each)
        serving.cancel()
        stopping.set()

    for each in _STOP_SIGNALS:
        loop.add_signal_handler(each, stop)
    try:
        await serving
    except asyncio.CancelledError:
        if not stopping.is_set():
            raise
