"""What the server can't do is stopped by the proxy as it is shipped: `make test-proxy` (needs nginx)."""

import json
import signal
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from tests.attacks.ballots import Ballots
from tests.attacks.callers import Answer, Caller, ask, request
from tests.attacks.conftest import Got, StartOf
from tests.attacks.crowd import LIVEZ, flood, others_at
from tests.attacks.framings import FRAMINGS, Wanted
from tests.attacks.proxy import ANY_RATE, QUICK, Proxy, start
from tests.attacks.service import Service
from tests.attacks.test_framings import Outcome, outcome
from tests.attacks.test_heads import HEADS
from tests.attacks.voters import Voters
from townhall.testing.tokens import Mint

pytestmark = pytest.mark.proxy

LAST = request("GET", "/livez", "X-Request-Id: the-last-one", close=True)
PROMPT = 1.5
BY_ADDRESS = 100
"""Connections an address may have, as the configuration says."""


@pytest.fixture(scope="module")
def service(start_service: StartOf) -> Service:
    """A process of voting that keeps idle connections longer than the proxy does, as it must."""
    return start_service(keep_alive_seconds=70)


@pytest.fixture(scope="module")
def proxy(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """The proxy in front of one process of voting."""
    running = start(tmp_path_factory.mktemp("proxy"), [service.port])
    yield running
    running.stop()


_ADDRESSES = iter(range(10, 250))


@pytest.fixture
def address() -> str:
    """An address of the test's own to call from, since limits go by address."""
    return f"127.0.1.{next(_ADDRESSES)}"


def problem(answer: Answer) -> str:
    """Return the code of a problem, after checking that it is one and names its request."""
    document = json.loads(answer.body)
    assert answer.header("content-type") == "application/problem+json"
    assert document["status"] == answer.status
    assert document["request_id"] == answer.header("x-request-id")
    assert document["type"] == f"urn:townhall:problem:{document['code']}"
    return str(document["code"])


@pytest.fixture(scope="module")
def outcomes(proxy: Proxy, service: Service, task_id: str, mint: Mint) -> Mapping[str, Outcome]:
    """Send all framings through the proxy."""
    vote, through = Ballots(task_id, mint), replace(service, port=proxy.port)
    with ThreadPoolExecutor(8) as pool:
        waiting = {
            name: pool.submit(outcome, through, replace(vote, voter=uuid4().hex), raw, f"127.0.2.{number}")
            for number, (name, (raw, _)) in enumerate(FRAMINGS.items(), start=1)
        }
        return {name: each.result() for name, each in waiting.items()}


@pytest.mark.parametrize("name", FRAMINGS)
def test_a_framing_is_refused_or_written_anew(outcomes: Mapping[str, Outcome], name: str, got: Got) -> None:
    """The service reads one request where the proxy read one, and none where it read none."""
    found, wanted = outcomes[name], FRAMINGS[name][1]
    got(found)
    assert len(found.seen.answers) <= 1
    assert found.counted == (found.seen.statuses == [200])
    assert found.seen.statuses == [200] if wanted is Wanted.SERVED else not {500, 502, 504} & set(found.seen.statuses)


HOSTS = [
    name for name in HEADS if "Host" in name and name not in {"a Host of 300 characters", "a Host with a bad port"}
]
"""Without a port that is none: the proxy drops the port, and writes the name it knows."""


@pytest.mark.parametrize("name", [*HOSTS, "the name of another server", "CONNECT", "HTTP/2.0", "a header of 70 KB"])
def test_a_bad_head_is_a_problem(proxy: Proxy, name: str, address: str, got: Got) -> None:
    """Refused by the proxy itself, in the form of every refusal."""
    seen = ask(proxy.port, HEADS[name][0], source=address)
    got(f"{seen}, {[problem(answer) for answer in seen.answers]}")
    assert seen.closed
    assert len(seen.answers) == 1
    assert seen.answers[0].status in {400, 405, 421, 431, 505}


def test_only_known_hosts_are_served(proxy: Proxy, address: str, got: Got) -> None:
    """Another name for this address leads nowhere, and is not repeated."""
    seen = ask(proxy.port, request("GET", "/livez", host="evil.test", close=True), source=address)
    got(seen)
    assert [problem(answer) for answer in seen.answers] == ["misdirected-request"]
    assert b"evil" not in seen.answers[0].body


@pytest.mark.parametrize("path", ["/metrics", "/readyz"])
def test_what_is_for_operators_is_not_passed_on(proxy: Proxy, path: str, address: str) -> None:
    """Scrapers and orchestrators reach the service directly."""
    seen = ask(proxy.port, request("GET", path, close=True), source=address)
    assert [problem(answer) for answer in seen.answers] == ["not-found"]


def test_a_service_that_is_away_is_a_problem(proxy: Proxy, address: str) -> None:
    """With a time to come back."""
    seen = ask(proxy.port, request("GET", "/cases", host="committee.test", close=True), source=address)
    assert [problem(answer) for answer in seen.answers] == ["unavailable"]
    assert seen.answers[0].header("retry-after") == "2"


def test_a_request_keeps_its_id(proxy: Proxy, address: str) -> None:
    """One id for proxy and service; one that is no good is replaced."""
    good, bad = (f"X-Request-Id: {value}" for value in ("my-request-1", "a b"))
    seen = ask(proxy.port, request("GET", "/livez", good) + request("GET", "/livez", bad, close=True), source=address)
    ids = [answer.header("x-request-id") for answer in seen.answers]
    assert ids[0] == "my-request-1"
    assert len(ids[1] or "") == 32
    assert [answer.head.lower().count(b"x-request-id") for answer in seen.answers] == [1, 1]


def test_an_upgrade_is_not_passed_on(proxy: Proxy, ballots: Ballots, address: str, got: Got) -> None:
    """Its body is a body."""
    inner = ballots.put()
    upgrade = ("Connection: Upgrade", "Upgrade: websocket", f"Content-Length: {len(inner)}")
    with Caller(proxy.port, source=address) as caller:
        caller.send(request("GET", "/livez", *upgrade, "Content-Type: application/json")).readable(0.05)
        caller.send(inner).answered()
        seen = caller.send(LAST).seen()
    counted = ballots.counted(proxy.port)
    got(f"{seen}, {'counted' if counted else 'not counted'}")
    assert len([each for each in seen.answers if each.header("x-request-id") != "the-last-one"]) == 1
    assert not counted


SLOW = {"nothing": (b"", b""), "byte by byte": (b"GET /livez HTTP/1.1\r\nHost: voting.test\r\n", b"X")}


@pytest.mark.parametrize("name", SLOW)
def test_slow_heads_end_at_the_proxy(proxy: Proxy, service: Service, name: str, address: str, got: Got) -> None:
    """A head has its time in all, however it drips; the service never sees it."""
    before, (begins, goes_on) = service.descriptors(), SLOW[name]
    with Caller(proxy.port, source=address) as caller:
        caller.send(begins)
        seen = caller.drip(goes_on, every=0.1) if goes_on else caller.seen()
        more = service.descriptors() - before
    got(f"{seen}; {more} descriptors more")
    assert seen.closed
    assert seen.seconds < 4.0
    assert more <= 0


def test_an_address_has_so_many_connections(proxy: Proxy, service: Service, address: str, got: Got) -> None:
    """Idle ones and those that send nothing count; other addresses are served meanwhile, and the service sees none."""
    before = service.descriptors()
    with ExitStack() as stack, others_at(proxy.port) as others:
        crowd = [stack.enter_context(Caller(proxy.port, source=address)) for _ in range(BY_ADDRESS + 40)]
        refused = sum(caller.seen(within=1.0).closed for caller in crowd[BY_ADDRESS:])
        kept = sum(not caller.readable(0.0) for caller in crowd[:BY_ADDRESS])
        more = service.descriptors() - before
    got(f"{kept} kept, {refused} of 40 refused; {more} descriptors more in the service; others {others.slowest:.2f} s")
    assert refused == 40
    assert more <= 5
    assert not others.failures
    assert others.slowest < PROMPT


def test_an_address_has_so_many_requests(proxy: Proxy, address: str, got: Got) -> None:
    """Beyond the rate: 429, with a time to come back; other addresses are served."""
    with others_at(proxy.port) as others:
        seen = ask(proxy.port, request("GET", "/livez") * 399 + LAST, source=address)
    refused = [answer for answer in seen.answers if answer.status == 429]
    got(f"{len(refused)} of {len(seen.answers)} refused")
    assert len(seen.answers) == 400
    assert 100 < len(refused) < 300
    assert problem(refused[0]) == "too-many-requests"
    assert refused[0].header("retry-after") == "1"
    assert not others.failures


def test_deaf_callers_hold_the_proxy_and_not_the_service(
    proxy: Proxy, service: Service, address: str, got: Got
) -> None:
    """The service has written its answers; what isn't read lies with the proxy, which ends the connection."""
    before, memory = service.descriptors(), service.forget_peak()
    with ExitStack() as stack, others_at(proxy.port) as others:
        crowd = [
            stack.enter_context(Caller(proxy.port, receive_buffer=2048, source=f"{address[:-3]}{n}")) for n in (1, 2, 3)
        ]
        flood(crowd, request("GET", "/openapi.json") * 20_000, read=False, within=1.0)
        more, grown = service.descriptors() - before, service.peak() - memory
    got(f"{more} descriptors more, memory +{grown:.0f} MB, others {others.slowest:.2f} s")
    assert more <= 10
    assert grown < 40
    assert not others.failures
    assert others.slowest < PROMPT


def served(service: Service) -> int:
    """Return how many totals the service answered itself."""
    (answer,) = ask(service.port, request("GET", "/metrics", close=True)).answers
    lines = [line for line in answer.body.decode().splitlines() if 'route="/votes/{task_id}"' in line]
    return sum(
        int(float(line.rpartition(" ")[2]))
        for line in lines
        if line.startswith("http_server_request_duration_seconds_count")
    )


def test_totals_are_cached(proxy: Proxy, service: Service, ballots: Ballots, address: str, got: Got) -> None:
    """Ninety looks cost the service a few answers; a look with a token is passed on."""
    totals = request("GET", f"/votes/{ballots.task_id}")
    before = served(service)
    seen = ask(proxy.port, totals * 90 + LAST, source=address)
    cost = served(service) - before
    got(f"{seen.statuses.count(200)} answered, {cost} by the service")
    assert seen.statuses == [200] * 91
    assert cost <= 3
    assert seen.answers[0].header("etag")
    personal = request("GET", f"/votes/{ballots.task_id}", ballots.authorization(), close=True)
    assert [ask(proxy.port, personal, source=address).statuses for _ in range(3)] == [[200]] * 3
    assert served(service) - before == cost + 3


def test_a_rolling_stop_loses_no_request(
    start_service: StartOf, tmp_path: Path, ballots: Ballots, address: str, got: Got
) -> None:
    """One of two processes gets SIGTERM under load: every ballot is answered with 200."""
    first, second = (start_service(drain_seconds=0.5, keep_alive_seconds=70) for _ in range(2))
    running = start(tmp_path / "proxy", [first.port, second.port], QUICK | ANY_RATE)
    with Voters(ballots, running.port, many=4, source=address) as voters:
        voters.wait_for(50)
        first.child.signal(signal.SIGTERM)
        ended = first.child.wait(10.0)
        voters.wait_for(100)
    running.stop()
    second.kill()
    got(f"{voters.answered} answered, others {voters.others}; the first ended with {first.child.exit_code}")
    assert ended
    assert first.child.exit_code == 0
    assert not voters.others


def test_no_log_says_who_took_part(proxy: Proxy, ballots: Ballots, address: str) -> None:
    """An address beside the path of a vote would, also of requests that are refused or fail."""
    seen = ask(proxy.port, request("GET", ballots.target) * 399 + LAST, source=address)
    ask(proxy.port, request("GET", ballots.target, host="committee.test", close=True), source=address)
    assert 429 in seen.statuses
    assert ballots.task_id not in proxy.child.log.read_text()


def test_others_are_served_after_all_this(proxy: Proxy, service: Service, address: str) -> None:
    """The proxy and the service are as they were."""
    assert ask(proxy.port, LIVEZ, source=address).statuses == [200]
    assert ask(service.port, LIVEZ).statuses == [200]
