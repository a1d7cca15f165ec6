"""Slow callers: each part of a request has its time, however its bytes are spread over it."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.attacks.ballots import Ballots
from tests.attacks.callers import Caller, Seen, request
from tests.attacks.conftest import Got
from tests.attacks.crowd import Others, others_at
from tests.attacks.service import HEAD, Service
from townhall.testing.tokens import Mint

EVERY = 0.1
"""Seconds between two pieces."""
AT_MOST = 4 * HEAD
"""Seconds after which every one of them is gone."""
GET = b"GET /livez HTTP/1.1\r\nHost: voting.test\r\n"
WHOLE = GET + b"\r\n"


@dataclass(frozen=True)
class Slow:
    """A caller who begins, and then sends one piece again and again, or nothing."""

    begins: bytes
    goes_on: bytes = b""
    statuses: tuple[int, ...] = ()
    """What the answers may be, those after the first whole request."""


CHUNKED = b"PUT <ballot> HTTP/1.1\r\nHost: voting.test\r\n<token>Transfer-Encoding: chunked\r\n"
SIZED = CHUNKED.replace(b"Transfer-Encoding: chunked", b"Content-Length: 1000")
JSON = b"Content-Type: application/json\r\n\r\n"
SLOW: dict[str, Slow] = {
    "nothing at all": Slow(b""),
    "empty lines": Slow(b"", b"\r\n", (400, 408)),
    "half a request line": Slow(b"GET /li", statuses=(408,)),
    "half a head": Slow(GET, statuses=(408,)),
    "a head byte by byte": Slow(b"GET /", b"a", (408,)),
    "a head line by line": Slow(GET, b"X-Note: a\r\n", (408,)),
    "half a body": Slow(SIZED + JSON + b'{"choice"', statuses=(408,)),
    "no body at all": Slow(SIZED + JSON, statuses=(408,)),
    "a body byte by byte": Slow(SIZED + JSON, b" ", (408,)),
    "half a chunk": Slow(CHUNKED + JSON + b"10\r\n{", statuses=(408,)),
    "a body chunk by chunk": Slow(CHUNKED + JSON, b"1\r\n \r\n", (408,)),
    "a trailer line by line": Slow(
        CHUNKED + JSON + b'10\r\n{"choice":"yes"}\r\n0\r\n', b"X-Note: a\r\n", (200, 400, 408)
    ),
    "nothing after an answer": Slow(WHOLE),
    "one empty line after an answer": Slow(WHOLE + b"\r\n", statuses=(408,)),
    "empty lines after an answer": Slow(WHOLE, b"\r\n", (400, 408)),
    "half a head after an answer": Slow(WHOLE + GET, statuses=(408,)),
    "a head byte by byte after an answer": Slow(WHOLE + b"GET /", b"a", (408,)),
}


def seen_by(service: Service, ballots: Ballots, slow: Slow) -> Seen:
    """Be that caller until the connection ends."""
    token = ballots.authorization().encode() + b"\r\n"
    with Caller(service.port) as caller:
        caller.send(slow.begins.replace(b"<token>", token).replace(b"<ballot>", ballots.target.encode()))
        return caller.drip(slow.goes_on, every=EVERY) if slow.goes_on else caller.seen()


@pytest.fixture(scope="module")
def others() -> Others:
    """Those who called meanwhile."""
    return Others()


@pytest.fixture(scope="module")
def outcomes(service: Service, task_id: str, mint: Mint, others: Others) -> Mapping[str, Seen]:
    """Let all of them be slow at once."""
    ballots = Ballots(task_id, mint)
    with ThreadPoolExecutor(len(SLOW)) as pool, others_at(service.port) as meanwhile:
        waiting = {name: pool.submit(seen_by, service, ballots, slow) for name, slow in SLOW.items()}
        found = {name: each.result() for name, each in waiting.items()}
    others.times, others.failures = meanwhile.times, meanwhile.failures
    return found


@pytest.mark.parametrize("name", SLOW)
def test_a_slow_caller_is_given_up(outcomes: Mapping[str, Seen], name: str, got: Got) -> None:
    """They get an answer, or the connection is closed; within the time limit."""
    seen, slow = outcomes[name], SLOW[name]
    got(seen)
    first = [200] if slow.begins.startswith(WHOLE) else []
    assert seen.closed
    assert seen.seconds < AT_MOST
    assert seen.statuses[: len(first)] == first
    assert set(seen.statuses[len(first) :]) <= set(slow.statuses)


def test_others_are_served_meanwhile(outcomes: Mapping[str, Seen], others: Others, got: Got) -> None:
    """Slow callers wait for themselves only."""
    got(f"{len(others.times)} answered, the slowest after {others.slowest:.2f} s")
    assert outcomes
    assert not others.failures
    assert others.slowest < AT_MOST


def test_a_head_in_pieces_is_read(service: Service, got: Got) -> None:
    """Slow is no fault in itself."""
    whole = request("GET", "/livez", close=True)
    with Caller(service.port) as caller:
        for piece in (whole[:9], whole[9:40], whole[40:-1]):
            caller.send(piece)
            assert not caller.readable(HEAD / 6)
        seen = caller.send(whole[-1:]).seen()
    got(seen)
    assert seen.statuses == [200]
