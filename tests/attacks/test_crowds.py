"""Crowds: callers who vanish give back what they held, and idle ones do not lock everybody else out."""

from contextlib import ExitStack
from time import monotonic

from tests.attacks.ballots import Ballots
from tests.attacks.callers import Caller, ask
from tests.attacks.conftest import Got
from tests.attacks.crowd import LIVEZ, others_at
from tests.attacks.service import CONNECTIONS, HEAD, Service

PROMPT = 1.5


def settled(service: Service, most: int, within: float) -> int:
    """Wait until the service has no more than so many descriptors; return how many it has."""
    deadline = monotonic() + within
    while (held := service.descriptors()) > most and monotonic() < deadline:
        ask(service.port, LIVEZ)
    return held


def test_callers_who_vanish_hold_nothing(service: Service, ballots: Ballots, got: Got) -> None:
    """Two hundred who reset their connection, in the middle of a head, of a body, or before their answer."""
    whole = ballots.put()
    before, memory = settled(service, 0, 0.0), service.forget_peak()
    with others_at(service.port) as others:
        for number in range(200):
            cut = (20, len(whole) - 5, len(whole))[number % 3]
            Caller(service.port).send(whole[:cut]).vanish()
    left = settled(service, before + 2, 4.0) - before
    got(f"{left} descriptors more, memory +{service.peak() - memory:.0f} MB, others within {others.slowest:.2f} s")
    assert left <= 2
    assert service.peak() - memory < 20
    assert not others.failures
    assert others.slowest < PROMPT
    assert ask(service.port, ballots.put(close=True)).statuses == [200]


def test_idle_connections_lock_nobody_out(service: Service, got: Got) -> None:
    """More of them than the service takes at once: others are answered when the time of the idle ones is over."""
    with ExitStack() as stack:
        for _ in range(CONNECTIONS + 20):
            stack.enter_context(Caller(service.port))
        with others_at(service.port) as others:
            held, seen = service.descriptors(), ask(service.port, LIVEZ)
    got(f"{held} descriptors; {seen}")
    assert seen.statuses == [200]
    assert seen.seconds < 4 * HEAD
    assert not others.failures
