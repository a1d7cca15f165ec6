"""Going on until a person or a supervisor says to stop."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Final

_STOPS: Final = (signal.SIGINT, signal.SIGTERM)


async def stop_signal(serve: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run `serve` to its end, or to the first SIGINT or SIGTERM: that cancels it, and it cleans up after itself.

    The event it is given never comes while it goes on: wait for it to wait for the signal.
    """
    stopping = asyncio.Event()
    serving = asyncio.ensure_future(serve(stopping))
    loop = asyncio.get_running_loop()

    def stop() -> None:
        # The second signal is taken as it is: the kernel then ends the processes with this one.
        for each in _STOPS:
            loop.remove_signal_handler(each)
        serving.cancel()
        stopping.set()

    for each in _STOPS:
        loop.add_signal_handler(each, stop)
    try:
        await serving
    except asyncio.CancelledError:
        if not stopping.is_set():
            raise
