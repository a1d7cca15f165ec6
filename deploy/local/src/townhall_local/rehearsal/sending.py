"""Sending the ballots: over many connections, yet each voter's ballots one by one and in order."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from pydantic_core import from_json

from townhall_local.client.api import refusal
from townhall_local.client.http_connection import HttpConnection, HttpResponse
from townhall_local.rehearsal.report import Ballots
from townhall_local.rehearsal.request_builder import BallotRequest, RequestBuilder, built_in_blocks
from townhall_local.rehearsal.schedule import Ballot
from townhall_local.rehearsal.token_signer import TokenSigner

CONNECTIONS: Final = 128
"""Connections, each with one request at a time."""
OK: Final = int(HTTPStatus.OK)
CONFLICT: Final = int(HTTPStatus.CONFLICT)


@dataclass(frozen=True, slots=True)
class BallotSender:
    """Sends ballots to the voting service at this URL, with tokens from this signer."""

    url: str
    signer: TokenSigner

    async def send(self, ballots: Iterable[Ballot], task_ids: Mapping[str, str], done: Callable[[], None]) -> Ballots:
        """Send all ballots and return the counts of their responses; `done` is called after each.

        Raises `Refused` if a response is neither 200 nor 409, and `Unreachable` if there is none, in an
        `ExceptionGroup`.
        """
        counts = Ballots()
        connections = [HttpConnection(self.url) for _ in range(CONNECTIONS)]
        try:
            async with aclosing(built_in_blocks(RequestBuilder(self.url, self.signer, task_ids), ballots)) as blocks:
                queue = RequestQueue(blocks)
                async with asyncio.TaskGroup() as group:
                    for connection in connections:
                        group.create_task(_send_all(connection, queue, counts, done))
        finally:
            for connection in connections:
                connection.close()
        return counts


class RequestQueue:
    """Yields requests in order, at most one unanswered request per voter."""

    def __init__(self, blocks: AsyncGenerator[deque[BallotRequest]]) -> None:
        self._blocks = blocks
        self._ready: deque[BallotRequest] = deque()
        self._fetching = asyncio.Lock()
        self._held_back: dict[str, deque[BallotRequest]] = {}
        """By voter with an unanswered request: their following requests."""

    async def next(self) -> BallotRequest | None:
        """Return the next request of a voter who has none unanswered, or None at the end."""
        while self._ready or await self._fetch():
            request = self._ready.popleft()
            held_back = self._held_back.get(request.voter)
            if held_back is None:
                self._held_back[request.voter] = deque()
                return request
            held_back.append(request)
        return None

    def answered(self, voter: str) -> BallotRequest | None:
        """Record that this voter's request is answered; return their next one if it was held back."""
        held_back = self._held_back[voter]
        if held_back:
            return held_back.popleft()
        del self._held_back[voter]
        return None

    async def _fetch(self) -> bool:
        async with self._fetching:
            if not self._ready:
                self._ready = await anext(self._blocks, self._ready)
            return bool(self._ready)


async def _send_all(connection: HttpConnection, queue: RequestQueue, counts: Ballots, done: Callable[[], None]) -> None:
    request = await queue.next()
    while request is not None:
        _count(await connection.request(request.content), counts)
        done()
        request = queue.answered(request.voter) or await queue.next()


def _count(response: HttpResponse, counts: Ballots) -> None:
    counts.sent += 1
    if response.status == OK:
        counts.accepted += 1
        counts.revised += from_json(response.body)["outcome"] == "changed"
    elif response.status == CONFLICT:
        counts.refused += 1
    else:  # an error of the client or the service, not a rule of the vote
        raise refusal(response.status, response.body)
