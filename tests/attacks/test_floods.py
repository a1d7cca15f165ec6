"""Much of anything: the service takes no more than it can answer, holds little of it, and goes on serving others."""

from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from typing_extensions import override

from tests.attacks.ballots import Ballots
from tests.attacks.callers import Answer, Caller, request, statuses
from tests.attacks.conftest import Got
from tests.attacks.crowd import flood, others_at
from tests.attacks.service import WRITE, Service

MB = 1_000_000
GET = request("GET", "/livez")
PIPELINED = GET * (12 * MB // len(GET))
FLOOD = 2.0
"""Seconds each flood goes on, if it is let."""
GROWTH = 40
"""MB of memory a flood may cost at its height."""
PROMPT = 1.5
"""Seconds within which everybody else is answered, on two busy processors."""


@dataclass(frozen=True)
class Load:
    """What a flood cost."""

    took: float
    """MB the service took of it."""
    growth: float
    """MB of memory it had more at the height of it."""
    slowest: float
    """Seconds somebody else waited for an answer at the most."""
    failures: int
    """Others who got no answer."""

    @override
    def __str__(self) -> str:
        others = f"others answered within {self.slowest:.2f} s" + (f", {self.failures} failed" if self.failures else "")
        return f"took {self.took:.1f} MB, memory +{self.growth:.0f} MB, {others}"


def flooded(service: Service, data: bytes, callers: int, *, read: bool) -> tuple[Load, list[Answer]]:
    """Let so many callers send the data at once; return what it cost, and the answers where they are read later."""
    before = service.forget_peak()
    with ExitStack() as stack:
        crowd = [stack.enter_context(Caller(service.port, receive_buffer=0 if read else 2048)) for _ in range(callers)]
        with others_at(service.port) as others:
            took = flood(crowd, data, read=read, within=FLOOD)
        answers = [] if read else crowd[0].answered(within=0.0 if callers > 1 else FLOOD)
        load = Load(took / MB, service.peak() - before, others.slowest, len(others.failures))
    return load, answers


@pytest.mark.parametrize(
    ("callers", "read"), [(1, True), (1, False), (12, False)], ids=["reads", "deaf", "twelve deaf"]
)
def test_requests_sent_ahead_are_not_held(service: Service, callers: int, read: bool, got: Got) -> None:  # noqa: FBT001  a case
    """12 MB of requests without a token, from one caller who reads the answers, and from some who don't."""
    load, _ = flooded(service, PIPELINED, callers, read=read)
    got(load)
    assert load.growth < GROWTH
    assert load.slowest < PROMPT
    assert load.failures == 0


def head(*lines: bytes) -> bytes:
    """Write the head of a ballot without a token."""
    first = b"PUT /votes/00000000-0000-0000-0000-000000000000/ballot HTTP/1.1\r\nHost: voting.test\r\n"
    return first + b"Content-Type: application/json\r\n" + b"\r\n".join(lines)


CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
ENDLESS: dict[str, bytes] = {
    "60 MB of trailer": head(CHUNKED) + b"0\r\n" + b"X-Note: %b\r\n" % (b"a" * 1000) * 60_000,
    "20 MB of one header": head(b"X-Note: ") + b"a" * 20 * MB,
    "20 MB of headers": head() + b"X-Note: a\r\n" * (20 * MB // 11),
    "20 MB of request line": b"GET /" + b"a" * 20 * MB,
    "20 MB of body": head(b"Content-Length: 20000000", b"\r\n") + b" " * 20 * MB,
    "20 MB of chunks": head(CHUNKED) + b"3e8\r\n%b\r\n" % (b" " * 1000) * 20_000,
    "20 MB of chunks of one byte": head(CHUNKED) + b"1\r\n \r\n" * (20 * MB // 6),
    "20 MB of chunk extension": head(CHUNKED) + b"1;" + b"a" * 20 * MB,
    "20 MB of empty lines": b"\r\n" * 10 * MB,
}


@pytest.mark.parametrize("data", ENDLESS.values(), ids=ENDLESS.keys())
def test_what_is_too_much_is_refused(service: Service, data: bytes, got: Got) -> None:
    """It is answered or closed long before its end."""
    load, answers = flooded(service, data, 1, read=False)
    got(f"{' '.join(map(str, statuses(answers))) or 'no answer'}; {load}")
    assert load.took < len(data) / MB / 2
    assert load.growth < GROWTH
    assert load.slowest < PROMPT
    assert load.failures == 0
    assert set(statuses(answers)) <= {400, 401, 408, 413, 431}


def test_callers_who_read_nothing_are_let_go(service: Service, ballots: Ballots, got: Got) -> None:
    """Thirty of them, each with 1.5 MB of requests: their connections and all they cost are given back."""
    before, data = service.descriptors(), request("GET", f"/votes/{ballots.task_id}") * 20_000
    with ExitStack() as stack:
        crowd = [stack.enter_context(Caller(service.port, receive_buffer=2048)) for _ in range(30)]
        start = service.forget_peak()
        with others_at(service.port) as others:
            flood(crowd, data, read=False, within=WRITE)
            ended = sum(caller.ended(within=4 * WRITE) for caller in crowd)
        growth, still = service.peak() - start, service.descriptors() - before
    got(f"{ended} of 30 let go; memory +{growth:.0f} MB; others answered within {others.slowest:.2f} s; {still} held")
    assert ended == 30
    assert growth < GROWTH
    assert not others.failures
    assert others.slowest < PROMPT
