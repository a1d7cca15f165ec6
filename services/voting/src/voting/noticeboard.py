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
class Notice:
    """A vote as it hangs out: JSON, and what tells one version from the next."""

    body: bytes
    etag: str

    @property
    def headers(self) -> dict[str, str]:
        """What goes with it, and with word that it has not changed."""
        return {"ETag": self.etag, "Cache-Control": "public, max-age=1"}


@dataclass(frozen=True, slots=True)
class _Hung:
    at: float
    notice: "asyncio.Future[Notice]"


class Noticeboard:
    """Keeps what `written` last returned, and asks again when that is too old. Many who ask at once ask once."""

    def __init__(self, written: Callable[[TaskId], Awaitable[bytes]], *, fresh: float = FRESH) -> None:
        self._written = written
        self._fresh = fresh
        self._hung: OrderedDict[TaskId, _Hung] = OrderedDict()

    def hanging(self, task_id: TaskId) -> Notice | None:
        """Return the vote if it hangs here and is no older than that."""
        hung = self._hung.get(task_id)
        fresh = hung is not None and asyncio.get_running_loop().time() - hung.at <= self._fresh
        return hung.notice.result() if hung is not None and fresh and _told(hung.notice) else None

    async def notice(self, task_id: TaskId) -> Notice:
        """Return the vote as it stood at most a second ago; whatever `written` raises is raised here."""
        now = asyncio.get_running_loop().time()
        hung = self._hung.get(task_id)
        if hung is None or (hung.notice.done() and now - hung.at > self._fresh):
            hung = self._hung[task_id] = _Hung(now, asyncio.ensure_future(self._written_anew(task_id)))
            self._hung.move_to_end(task_id)
            if len(self._hung) > MOST:
                self._hung.popitem(last=False)
        # One reader who hangs up must not take the notice down for the others.
        return await asyncio.shield(hung.notice)

    async def _written_anew(self, task_id: TaskId) -> Notice:
        try:
            body = await self._written(task_id)
        except BaseException:
            self._hung.pop(task_id, None)  # A failure is told to those who asked, and not kept.
            raise
        return Notice(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def _told(notice: "asyncio.Future[Notice]") -> bool:
    return notice.done() and not notice.cancelled() and notice.exception() is None
