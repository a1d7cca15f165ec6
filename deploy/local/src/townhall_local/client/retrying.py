"""Delays between the attempts of one request."""

import asyncio
from typing import Final

TIMEOUT: Final = 30.0
"""Seconds after which a request is no longer retried."""
FIRST_DELAY: Final = 0.1
LONGEST_DELAY: Final = 5.0


class RetryDelay:
    """Exponential backoff for one request, with a deadline counted from the construction."""

    __slots__ = ("_deadline", "_delay", "_loop")

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + timeout
        self._delay = FIRST_DELAY

    async def wait(self, retry_after: str = "") -> bool:
        """Wait before the next attempt: for `Retry-After` seconds if given, else twice as long as the last time.

        Returns False, without waiting, if the deadline would pass.
        """
        delay = min((float(retry_after) if retry_after.isdigit() else 0.0) or self._delay, LONGEST_DELAY)
        if self._loop.time() + delay > self._deadline:
            return False
        await asyncio.sleep(delay)  # noqa: TID251 - backoff before a retry
        self._delay = min(self._delay * 2, LONGEST_DELAY)
        return True
