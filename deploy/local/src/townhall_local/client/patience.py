"""Asking again: after growing pauses, and only for so long."""

import asyncio
from typing import Final

SECONDS: Final = 30.0
"""How long to go on with one request before giving up."""
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0


class Patience:
    """The patience for one request; it begins to wear off at once."""

    __slots__ = ("_ends", "_loop", "_pause")

    def __init__(self, seconds: float = SECONDS) -> None:
        self._loop = asyncio.get_running_loop()
        self._ends = self._loop.time() + seconds
        self._pause = FIRST_PAUSE

    async def rest(self, asked: str = "") -> bool:
        """Pause before the next try, as long as a `Retry-After` asked or longer each time; False when it is over."""
        pause = min((float(asked) if asked.isdigit() else 0.0) or self._pause, LONGEST_PAUSE)
        if self._loop.time() + pause > self._ends:
            return False
        await asyncio.sleep(pause)  # noqa: TID251 - the server asked for the pause, or isn't there
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        return True
