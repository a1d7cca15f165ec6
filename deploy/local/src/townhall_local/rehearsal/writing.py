"""Writing the requests a little ahead of their sending. Threads sign the tokens, the dearest part of a request."""

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
from townhall_local.rehearsal.programme import Ballot
from townhall_local.rehearsal.signing import Signer

THREADS: Final = 2
BLOCK: Final = 128
"""Ballots one thread writes at a time."""
AHEAD: Final = 8
"""Blocks written or being written before they are sent."""
FRESH: Final = LIFETIME * 2 / 3
"""Seconds a token is put into requests; the rest of its life is for them to be sent, however slow the platform is."""
MOST_TOKENS: Final = 20_000
"""Tokens kept for their voters' next ballots; the oldest go first."""
YES: Final = b'{"choice":"yes"}'
NO: Final = b'{"choice":"no"}'


class Letter(NamedTuple):
    """A ballot as it goes over the wire."""

    voter: str
    request: bytes


class Writer:
    """Writes ballots as requests to the voting service at this address. Threads may share it."""

    def __init__(
        self, url: str, signer: Signer, task_ids: Mapping[str, str], *, fresh: float = FRESH, tokens: int = MOST_TOKENS
    ) -> None:
        host = urlsplit(url).netloc
        self._signer = signer
        self._fresh, self._most = fresh, tokens
        self._heads = {each: _head(host, task_id) for each, task_id in task_ids.items()}
        self._tails = {True: _tail(YES), False: _tail(NO)}
        self._tokens: dict[str, tuple[bytes, float]] = {}
        self._lock = Lock()

    def write(self, ballots: Sequence[Ballot]) -> deque[Letter]:
        """Write them in their order, signing a token for each voter who holds none that is fresh."""
        tokens = self._held({ballot.voter for ballot in ballots})
        return deque(
            Letter(voter, self._heads[statement_id] + tokens[voter] + self._tails[yes])
            for statement_id, voter, yes in ballots
        )

    def _held(self, voters: set[str]) -> dict[str, bytes]:
        now = monotonic()
        with self._lock:
            known = {voter: self._tokens[voter] for voter in voters if voter in self._tokens}
        held = {voter: token for voter, (token, signed) in known.items() if now - signed < self._fresh}
        new = {voter: self._signer.token("citizen", voter).encode() for voter in voters if voter not in held}
        with self._lock:
            for voter, token in new.items():
                self._tokens.pop(voter, None)
                self._tokens[voter] = token, now
            for oldest in list(islice(self._tokens, max(len(self._tokens) - self._most, 0))):
                del self._tokens[oldest]
        return held | new


async def written(writer: Writer, ballots: Iterable[Ballot]) -> AsyncGenerator[deque[Letter]]:
    """Yield all as letters, in blocks and in order."""
    loop = asyncio.get_running_loop()
    blocks = _blocks(ballots)
    with ThreadPoolExecutor(THREADS, "writer") as threads:
        under_way = deque(loop.run_in_executor(threads, writer.write, block) for block in islice(blocks, AHEAD))
        while under_way:
            letters = await under_way.popleft()
            under_way.extend(loop.run_in_executor(threads, writer.write, block) for block in islice(blocks, 1))
            yield letters


def _blocks(ballots: Iterable[Ballot]) -> Iterator[list[Ballot]]:
    rest = iter(ballots)
    while block := list(islice(rest, BLOCK)):
        yield block


def _head(host: str, task_id: str) -> bytes:
    return f"PUT /votes/{task_id}/ballot HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer ".encode()


def _tail(body: bytes) -> bytes:
    return f"\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
