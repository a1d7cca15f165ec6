"""Cache of public votes with their totals: each vote is read from the database at most once a second."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from townhall.contracts.values import TaskId

MAX_AGE: Final = 1.0
"""Seconds after which an entry is stale."""
CAPACITY: Final = 1000
"""Entries kept; beyond it the one loaded longest ago is evicted."""


@dataclass(frozen=True, slots=True)
class CachedTally:
    """A cached vote: its JSON and its entity tag."""

    body: bytes
    etag: str

    @property
    def headers(self) -> dict[str, str]:
        """The response headers of a 200 and of a 304."""
        return {"ETag": self.etag, "Cache-Control": "public, max-age=1"}


@dataclass(frozen=True, slots=True)
class _Entry:
    loaded_at: float
    """Seconds on the event loop's clock."""
    tally: "asyncio.Future[CachedTally]"


class TallyCache:
    """Caches what `load` returns for `max_age` seconds. Concurrent requests for a stale vote share one load.

    `load` returns the JSON of a vote; what it raises is not cached.
    """

    def __init__(self, load: Callable[[TaskId], Awaitable[bytes]], *, max_age: float = MAX_AGE) -> None:
        self._load = load
        self._max_age = max_age
        self._entries: OrderedDict[TaskId, _Entry] = OrderedDict()

    def fresh(self, task_id: TaskId) -> CachedTally | None:
        """Return the vote if it is cached and not stale, else None. Never loads."""
        entry = self._entries.get(task_id)
        fresh = entry is not None and asyncio.get_running_loop().time() - entry.loaded_at <= self._max_age
        return entry.tally.result() if entry is not None and fresh and _succeeded(entry.tally) else None

    async def tally(self, task_id: TaskId) -> CachedTally:
        """Return the vote, at most `max_age` seconds old. Raises what `load` raises."""
        now = asyncio.get_running_loop().time()
        entry = self._entries.get(task_id)
        if entry is None or (entry.tally.done() and now - entry.loaded_at > self._max_age):
            entry = self._entries[task_id] = _Entry(now, asyncio.ensure_future(self._cached(task_id)))
            self._entries.move_to_end(task_id)
            if len(self._entries) > CAPACITY:
                self._entries.popitem(last=False)
        # A caller that is cancelled must not cancel the load that others await.
        return await asyncio.shield(entry.tally)

    async def _cached(self, task_id: TaskId) -> CachedTally:
        try:
            body = await self._load(task_id)
        except BaseException:
            self._entries.pop(task_id, None)  # The current callers get the error; the next one loads again.
            raise
        return CachedTally(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def _succeeded(tally: "asyncio.Future[CachedTally]") -> bool:
    return tally.done() and not tally.cancelled() and tally.exception() is None
