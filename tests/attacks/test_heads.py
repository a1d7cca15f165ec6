"""Heads that are no good, each refused in the form of every refusal, or closed; nothing they name is repeated."""

import json

import pytest

from tests.attacks.ballots import Ballots
from tests.attacks.callers import Answer, ask, request
from tests.attacks.conftest import Got
from tests.attacks.service import Service

NO_HOST = b"GET /livez HTTP/1.1\r\n"
END = b"Connection: close\r\n\r\n"
ZIPPED = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xabV\xcaH\xcd\xc9\xc9W\xb2R*O\xcd\xd1\x01\x00"
EVIL = "evil.test"


def hosts(*values: bytes) -> bytes:
    """Write a request with these hosts."""
    return NO_HOST + b"".join(b"Host: " + value + b"\r\n" for value in values) + END


HEADS: dict[str, tuple[bytes, set[int]]] = {
    # Host: RFC 9112, section 3.2
    "no Host": (hosts(), {400}),
    "two Hosts": (hosts(b"voting.test", b"voting.test"), {400}),
    "two Hosts that differ": (hosts(b"voting.test", EVIL.encode()), {400}),
    "a Host with a path": (hosts(b"voting.test/a"), {400}),
    "a Host with a user": (hosts(b"a@voting.test"), {400}),
    "a Host with a space": (hosts(b"voting test"), {400}),
    "a list of Hosts": (hosts(b"voting.test, evil.test"), {400}),
    "a Host with a bad port": (hosts(b"voting.test:80x"), {400}),
    "a Host of 300 characters": (hosts(b"a" * 300), {400, 200}),
    "a Host that is no ASCII": (hosts(b"voting.t\xe9st"), {400}),
    # The request line
    "HTTP/2.0": (b"GET /livez HTTP/2.0\r\nHost: voting.test\r\n" + END, {400, 505}),
    "HTTP/3.0": (b"GET /livez HTTP/3.0\r\nHost: voting.test\r\n" + END, {400, 505}),
    "CONNECT": (b"CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n" + END, {400, 404, 405, 421, 501}),
    "CONNECT with a path": (b"CONNECT /livez HTTP/1.1\r\nHost: voting.test\r\n" + END, {400, 404, 405, 501}),
    "TRACE": (b"TRACE /livez HTTP/1.1\r\nHost: voting.test\r\n" + END, {400, 405, 501}),
    "a method of 10 KB": (b"A" * 10_000 + b" /livez HTTP/1.1\r\nHost: voting.test\r\n" + END, {400, 405, 431, 501}),
    "*": (b"GET * HTTP/1.1\r\nHost: voting.test\r\n" + END, {400, 404}),
    "the name of another server": (b"GET http://evil.test/votes/ HTTP/1.1\r\nHost: a.test\r\n" + END, {400, 404, 421}),
    "a path out of the root": (request("GET", "/../../etc/passwd", close=True), {400, 404}),
    "a fragment": (request("GET", "/livez#a", close=True), {400, 404, 200}),
    # One spelling of each path
    "a slash written %2F": (request("GET", "/votes%2F00000000-0000-0000-0000-000000000000", close=True), {400, 404}),
    "a letter written %6C": (request("GET", "/%6Civez", close=True), {400, 404}),
    "two slashes": (request("GET", "//livez", close=True), {400, 404}),
    "a slash at the end": (request("GET", "/votes/", close=True, host=EVIL), {400, 404}),
    "a slash at the end of a post": (request("POST", "/rules/", body=b"{}", close=True, host=EVIL), {400, 404}),
    "a dot in the path": (request("GET", "/./livez", close=True), {400, 404}),
    # What a body may be
    "gzip that is plain": (request("POST", "/rules", "Content-Encoding: gzip", body=b"{}", close=True), {400, 415}),
    "gzip": (request("POST", "/rules", "Content-Encoding: gzip", body=ZIPPED, close=True), {400, 415}),
    "65 KB of body": (request("POST", "/rules", body=b" " * 66_000, close=True), {413}),
    "2 GB announced": (request("POST", "/rules", "Content-Length: 2000000000"), {413}),
    # Size
    "a header of 70 KB": (request("GET", "/livez", "X-Note: " + "a" * 70_000, close=True), {400, 431}),
    "70 KB of headers": (request("GET", "/livez", *(f"X-{n}: {'a' * 900}" for n in range(78)), close=True), {400, 431}),
    "400 headers": (request("GET", "/livez", *(f"X-{n}: a" for n in range(400)), close=True), {400, 431}),
    "70 KB of path": (request("GET", "/" + "a" * 70_000, close=True), {400, 414, 431}),
}
EMPTY = {400, 431}
"""The server's own refusals of what it could not read have no body; the proxy gives them one."""


@pytest.mark.parametrize(("raw", "wanted"), HEADS.values(), ids=HEADS.keys())
def test_a_head_that_is_no_good_is_refused(service: Service, raw: bytes, wanted: set[int], got: Got) -> None:
    """With one of the statuses that say so; never redirected, never an error of ours."""
    seen = ask(service.port, raw)
    got(seen)
    assert seen.closed
    assert len(seen.answers) <= 1
    assert set(seen.statuses) <= wanted
    for answer in seen.answers:
        assert answer.header("location") is None
        assert EVIL.encode() not in answer.head + answer.body
        assert answer.status == 200 or is_problem(answer)


def is_problem(answer: Answer) -> bool:
    """Tell whether a refusal is a problem document, or the server's empty one."""
    if not answer.body:
        return answer.status in EMPTY
    return answer.header("content-type") == "application/problem+json" and "code" in json.loads(answer.body)


def test_a_vote_has_one_path(service: Service, ballots: Ballots, got: Got) -> None:
    """A ballot sent to another spelling of it is not counted."""
    spellings = [ballots.target.replace("/ballot", tail) for tail in ("%2Fballot", "//ballot", "/ballot/", "/%62allot")]
    found = [ask(service.port, ballots.put(target=each, close=True)) for each in spellings]
    counted = ballots.counted(service.port)
    got(f"{'; '.join(map(str, found))}; {'counted' if counted else 'not counted'}")
    assert not counted
    assert {status for seen in found for status in seen.statuses} <= {400, 404, 405}


def test_the_largest_token_fits(service: Service, ballots: Ballots, got: Got) -> None:
    """A head of 12 KB is served: tokens of large identity providers have 4 to 8."""
    seen = ask(service.port, ballots.put("X-Note: " + "a" * 12_000, close=True))
    got(seen)
    assert seen.statuses == [200]
