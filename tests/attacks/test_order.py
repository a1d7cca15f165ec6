"""Requests sent ahead: each gets its own answer, in the order they were sent, whatever comes behind it."""

from collections.abc import Callable

import pytest

from tests.attacks.ballots import Ballots
from tests.attacks.callers import Caller, ask, request, statuses
from tests.attacks.conftest import Got
from tests.attacks.service import Service

RUBBISH = b"\0\0 rubbish \r\n\r\n"
LAST = request("GET", "/livez", "X-Request-Id: the-last-one", close=True)
JSON = "Content-Type: application/json"


def test_answers_keep_the_order_of_requests(service: Service, ballots: Ballots, got: Got) -> None:
    """Quick and slow ones mixed, a hundred and fifty in one piece: the request ids come back in their order."""
    ids = [f"number-{number:04}" for number in range(150)]
    kinds: list[Callable[[str], bytes]] = [
        ballots.put,
        lambda name: request("GET", f"/votes/{ballots.task_id}", name),
        lambda name: request("GET", "/rules", name),
        lambda name: request("GET", "/livez", name),
        lambda name: request("GET", ballots.target, name, ballots.authorization()),
    ]
    sent = [kinds[number % len(kinds)](f"X-Request-Id: {name}") for number, name in enumerate(ids)]
    seen = ask(service.port, b"".join([*sent, LAST]))
    got(f"{len(seen.answers)} of {len(ids) + 1} answers, {'in order' if seen.closed else 'kept open'}")
    assert [answer.header("x-request-id") for answer in seen.answers] == [*ids, "the-last-one"]
    assert set(seen.statuses) == {200}


def test_a_later_request_sees_what_an_earlier_one_did(service: Service, ballots: Ballots, got: Got) -> None:
    """A ballot, then another, then a look: the look shows the second."""
    look = request("GET", ballots.target, ballots.authorization())
    seen = ask(service.port, ballots.put(choice="yes") + ballots.put(choice="no") + look + LAST)
    got(seen)
    assert seen.statuses == [200] * 4
    assert b'"no"' in seen.answers[2].body


def test_rubbish_behind_a_ballot_takes_nothing_from_it(service: Service, ballots: Ballots, got: Got) -> None:
    """The ballot gets its own answer first; then the connection ends."""
    seen = ask(service.port, ballots.put() + RUBBISH)
    got(seen)
    assert seen.statuses in ([200, 400], [200])
    assert seen.closed


def test_rubbish_behind_a_body_of_34_kb(service: Service, ballots: Ballots, got: Got) -> None:
    """A long body whose last packet begins the next head: both are answered, each as itself."""
    body = b'{"choice":"yes"}'.ljust(34_000)
    long = request("PUT", ballots.target, ballots.authorization(), body=body)
    with Caller(service.port) as caller:
        caller.send(long[:20_000])
        caller.send(long[20_000:] + LAST[:30])
        first = caller.answered(1)
        seen = caller.send(LAST[30:]).seen()
    got(seen)
    assert statuses(first) == [200]
    assert seen.statuses == [200, 200]


def test_an_upgrade_has_no_second_request_in_its_body(service: Service, ballots: Ballots, got: Got) -> None:
    """The body of a request for an upgrade is a body, also where it is a ballot to the letter."""
    inner = ballots.put()
    upgrade = ("Connection: Upgrade", "Upgrade: websocket", f"Content-Length: {len(inner)}", JSON)
    with Caller(service.port) as caller:
        caller.send(request("GET", "/livez", *upgrade))
        caller.readable(0.05)  # A server that upgrades at once must not read the rest as a request.
        caller.send(inner)
        caller.answered(1)
        seen = caller.send(LAST).seen()
    counted = ballots.counted(service.port)
    got(f"{seen}, {'counted' if counted else 'not counted'}")
    assert not counted
    assert len([each for each in seen.answers if each.header("x-request-id") != "the-last-one"]) == 1


REFUSED_BY_HEAD = {
    "no token": ("PUT", "/votes/00000000-0000-0000-0000-000000000000/ballot", []),
    "no route": ("POST", "/nowhere", []),
    "no such method": ("DELETE", "/livez", []),
    "another spelling": ("POST", "/votes%2F", []),
    "two hosts": ("POST", "/rules", ["Host: voting.test"]),
    "compressed": ("POST", "/rules", ["Content-Encoding: gzip"]),
    "nobody reads it": ("GET", "/livez", []),
}


@pytest.mark.parametrize("name", REFUSED_BY_HEAD)
@pytest.mark.parametrize("pieces", [1, 2])
def test_an_unread_body_is_no_request(service: Service, ballots: Ballots, name: str, pieces: int, got: Got) -> None:
    """Where a request is answered by its head alone, its body is thrown away: here it is a ballot to the letter."""
    method, target, headers = REFUSED_BY_HEAD[name]
    inner = ballots.put()
    with Caller(service.port) as caller:
        head = request(method, target, *headers, f"Content-Length: {len(inner)}", JSON)
        if pieces == 1:
            caller.send(head + inner)
        else:
            caller.send(head).readable(0.05)
            caller.send(inner)
        caller.answered(1)
        seen = caller.send(LAST).seen()
    counted = ballots.counted(service.port)
    got(f"{seen}, {'counted' if counted else 'not counted'}")
    assert not counted
    assert len([each for each in seen.answers if each.header("x-request-id") != "the-last-one"]) == 1


@pytest.mark.parametrize("protocol", ["websocket", "h2c", "TLS/1.0"])
def test_nothing_is_upgraded(service: Service, protocol: str, got: Got) -> None:
    """The request is answered as if it had not asked."""
    headers = (
        "Connection: Upgrade, HTTP2-Settings",
        f"Upgrade: {protocol}",
        "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA",
    )
    seen = ask(service.port, request("GET", "/livez", *headers, "Sec-WebSocket-Key: AAAA") + LAST)
    got(seen)
    assert set(seen.statuses) <= {200, 400}


def test_a_trailer_authenticates_nobody(service: Service, ballots: Ballots, got: Got) -> None:
    """What follows a body is no header of the request."""
    chunked = request("PUT", ballots.target, "Transfer-Encoding: chunked", "Trailer: Authorization", JSON)
    trailer = b'10\r\n{"choice":"yes"}\r\n0\r\n' + ballots.authorization().encode() + b"\r\n\r\n"
    seen = ask(service.port, chunked + trailer + LAST)
    counted = ballots.counted(service.port)
    got(f"{seen}, {'counted' if counted else 'not counted'}")
    assert not counted
    assert seen.statuses[0] in {400, 401}


def test_a_caller_who_half_closes_is_answered_or_closed(service: Service, ballots: Ballots, got: Got) -> None:
    """Whoever gets no answer may send the ballot again: it counts once."""
    with Caller(service.port) as caller:
        seen = caller.send(ballots.put()).half_close().seen()
    got(seen)
    assert seen.closed
    assert seen.statuses in ([200], [])
    assert ask(service.port, ballots.put(close=True)).statuses == [200]
    assert ballots.counted(service.port)


def test_an_empty_line_between_requests_is_nothing(service: Service, got: Got) -> None:
    """RFC 9112, section 2.2: some callers send one behind a body."""
    seen = ask(service.port, request("GET", "/livez") + b"\r\n" + LAST)
    got(seen)
    assert seen.statuses == [200, 200]


def test_expect_100_continue_is_answered(service: Service, ballots: Ballots, got: Got) -> None:
    """`Expect: 100-continue` gets its interim answer before the body, or the final one."""
    whole = ballots.put("Expect: 100-continue", close=True)
    head, _, body = whole.partition(b"\r\n\r\n")
    with Caller(service.port) as caller:
        assert caller.send(head + b"\r\n\r\n").readable(2.0)
        seen = caller.send(body).seen()
        interim = caller.received.startswith(b"HTTP/1.1 100 ")
    got(f"{'100, ' if interim else ''}{seen}")
    assert seen.statuses == [200] or interim


def test_answers_to_head_have_no_body(service: Service, got: Got) -> None:
    """Or the body would be read as the next answer."""
    with Caller(service.port) as caller:
        caller.send(request("HEAD", "/livez") + LAST).seen()
        head, _, rest = caller.received.partition(b"\r\n\r\n")
    got(head.decode().partition("\r\n")[0])
    assert head.startswith(b"HTTP/1.1 200 ")
    assert rest.startswith(b"HTTP/1.1 200 ")
