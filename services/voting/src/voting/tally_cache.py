"""Public totals for many readers: each vote is read from the database at most once a second, however many look."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from townhall.contracts.values import TaskId

FRESH: Final = 1.0
"""Seconds a notice may be old."""
MOST: Final = 1000
"""Notices kept; those nobody looked at for longest go first."""


@dataclass(frozen=True, slots=True)
class CachedTally:
    """A vote as it hangs out: JSON, and what tells one version from the next."""

    body: bytes
    etag: str

    @property
    def headers(self) -> dict[str, str]:
        """What goes with it, and with word that it has not changed."""
        return {"ETag": self.etag, "Cache-Control": "public, max-age=1"}


@dataclass(frozen=True, slots=True)
class _Entry:
    at: float
    tally: "asyncio.Future[CachedTally]"


class TallyCache:
    """Keeps what `written` last returned, and asks again when that is too old. Many who ask at once ask once."""

    def __init__(self, written: Callable[[TaskId], Awaitable[bytes]], *, fresh: float = FRESH) -> None:
        self._written = written
        self._fresh = fresh
        self._entries: OrderedDict[TaskId, _Entry] = OrderedDict()

    def fresh(self, task_id: TaskId) -> CachedTally | None:
        """Return the vote if it hangs here and is no older than that."""
        entry = self._entries.get(task_id)
        fresh = entry is not None and asyncio.get_running_loop().time() - entry.at <= self._fresh
        return entry.tally.result() if entry is not None and fresh and _told(entry.tally) else None

    async def tally(self, task_id: TaskId) -> CachedTally:
        """Return the vote as it stood at most a second ago; whatever `written` raises is raised here."""
        now = asyncio.get_running_loop().time()
        entry = self._entries.get(task_id)
        if entry is None or (entry.tally.done() and now - entry.at > self._fresh):
            entry = self._entries[task_id] = _Entry(now, asyncio.ensure_future(self._written_anew(task_id)))
            self._entries.move_to_end(task_id)
            if len(self._entries) > MOST:
                self._entries.popitem(last=False)
        # One reader who hangs up must not take the notice down for the others.
        return await asyncio.shield(entry.tally)

    async def _written_anew(self, task_id: TaskId) -> CachedTally:
        try:
            body = await self._written(task_id)
        except BaseException:
            self._entries.pop(task_id, None)  # A failure is told to those who asked, and not kept.
            raise
        return CachedTally(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def _told(tally: "asyncio.Future[CachedTally]") -> bool:
    return tally.done() and not tally.cancelled() and tally.exception() is None
