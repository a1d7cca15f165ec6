"""Building the HTTP requests ahead of sending. Threads sign the tokens, the most expensive part of a request."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from threading import Lock
from time import monotonic
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from townhall.embedded.issuer import LIFETIME
from townhall_local.rehearsal.schedule import Ballot
from townhall_local.rehearsal.token_signer import TokenSigner

THREADS: Final = 2
BLOCK: Final = 128
"""Requests one thread builds at a time."""
AHEAD: Final = 8
"""Blocks that are built, or being built, before they are sent."""
FRESH: Final = LIFETIME * 2 / 3
"""Seconds for which a token is used in new requests; the rest of its lifetime is left for sending them."""
TOKEN_CACHE_SIZE: Final = 20_000
"""Tokens kept for the next ballots of their voters; the oldest are evicted first."""
YES: Final = b'{"choice":"yes"}'
NO: Final = b'{"choice":"no"}'


class BallotRequest(NamedTuple):
    """A complete HTTP request that casts one ballot."""

    voter: str
    content: bytes


class RequestBuilder:
    """Builds requests to the voting service at this URL. Thread-safe.

    `task_ids` maps statement ids to task ids.
    """

    def __init__(
        self,
        url: str,
        signer: TokenSigner,
        task_ids: Mapping[str, str],
        *,
        fresh: float = FRESH,
        tokens: int = TOKEN_CACHE_SIZE,
    ) -> None:
        host = urlsplit(url).netloc
        self._signer = signer
        self._fresh, self._cache_size = fresh, tokens
        self._heads = {each: _head(host, task_id) for each, task_id in task_ids.items()}
        self._tails = {True: _tail(YES), False: _tail(NO)}
        self._tokens: dict[str, tuple[bytes, float]] = {}
        self._lock = Lock()

    def build(self, ballots: Sequence[Ballot]) -> deque[BallotRequest]:
        """Return the requests in the order of the ballots; sign a token for each voter without a fresh one."""
        tokens = self._tokens_of({ballot.voter for ballot in ballots})
        return deque(
            BallotRequest(voter, self._heads[statement_id] + tokens[voter] + self._tails[yes])
            for statement_id, voter, yes in ballots
        )

    def _tokens_of(self, voters: set[str]) -> dict[str, bytes]:
        now = monotonic()
        with self._lock:
            known = {voter: self._tokens[voter] for voter in voters if voter in self._tokens}
        fresh = {voter: token for voter, (token, signed) in known.items() if now - signed < self._fresh}
        new = {voter: self._signer.token("citizen", voter).encode() for voter in voters if voter not in fresh}
        with self._lock:
            for voter, token in new.items():
                self._tokens.pop(voter, None)
                self._tokens[voter] = token, now
            for oldest in list(islice(self._tokens, max(len(self._tokens) - self._cache_size, 0))):
                del self._tokens[oldest]
        return fresh | new


async def built_in_blocks(builder: RequestBuilder, ballots: Iterable[Ballot]) -> AsyncGenerator[deque[BallotRequest]]:
    """Yield the requests of all ballots, in blocks and in order."""
    loop = asyncio.get_running_loop()
    blocks = _blocks(ballots)
    with ThreadPoolExecutor(THREADS, "request-builder") as threads:
        building = deque(loop.run_in_executor(threads, builder.build, block) for block in islice(blocks, AHEAD))
        while building:
            requests = await building.popleft()
            building.extend(loop.run_in_executor(threads, builder.build, block) for block in islice(blocks, 1))
            yield requests


def _blocks(ballots: Iterable[Ballot]) -> Iterator[list[Ballot]]:
    remaining = iter(ballots)
    while block := list(islice(remaining, BLOCK)):
        yield block


def _head(host: str, task_id: str) -> bytes:
    return f"PUT /votes/{task_id}/ballot HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer ".encode()


def _tail(body: bytes) -> bytes:
    return f"\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
