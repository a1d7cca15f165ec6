"""The fast path: plain ballots and totals are answered before the framework, as the routes would answer them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from starlette.types import Message, Receive, Scope, Send

from services.voting.tests.harness import KEYRING, VotingHarness
from townhall.chassis.auth import Claims, Keys, keys_of
from townhall.chassis.settings import ServiceSettings
from townhall.chassis.state import provide, state_of
from townhall.testing import client_for
from townhall.testing.services import AppOf
from townhall.testing.tokens import Mint
from voting.fast_path import FastPath
from voting.state import VotingState

pytestmark = pytest.mark.asyncio(loop_scope="session")

JSON = {"content-type": "application/json"}
BY_ROUTE = {"if-none-match": '"nothing"'}
"""Keeps a request off the fast path and changes nothing else."""
ANSWERED_ANEW = {"x-request-id", "content-length", "date"}


def answered(answer: Response) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Return an answer without what is of its own request only."""
    headers = {name: value for name, value in answer.headers.items() if name not in ANSWERED_ANEW}
    assert len(answer.headers["x-request-id"]) >= 8
    return answer.status_code, headers, {**answer.json(), "request_id": None}


BALLOTS: dict[str, tuple[bytes, dict[str, str], int]] = {
    "as browsers spell it": (b'{"choice":"yes"}', JSON, 200),
    "as Python spells it": (b'{"choice": "yes"}', JSON, 200),
    "spelt another way": (b'{ "choice" : "\\u0079es" }', JSON, 200),
    "another charset word": (b'{"choice":"yes"}', {"content-type": "application/json; charset=utf-8"}, 200),
    "neither yes nor no": (b'{"choice":"maybe"}', JSON, 422),
    "more than a choice": (b'{"choice":"yes","choice2":1}', JSON, 422),
    "twice": (b'{"choice":"yes","choice":"yes"}', JSON, 400),
    "nothing": (b"", JSON, 422),
    "no JSON": (b'{"choice":"yes"}', {"content-type": "text/plain"}, 415),
    "too much": (b'{"choice":"yes"}' + b" " * 70_000, JSON, 413),
}


@pytest.mark.parametrize("ballot", BALLOTS.values(), ids=BALLOTS.keys())
async def test_a_ballot_gets_the_same_answer(
    wire: AsyncClient, harness: VotingHarness, mint: Mint, ballot: tuple[bytes, dict[str, str], int]
) -> None:
    """On both paths, with the same headers; a repeat on the other path is the same ballot."""
    body, given, status = ballot
    url, headers = f"/votes/{await harness.schedule()}/ballot", given | mint("citizen", "김").header
    await wire.put(url, content=b'{"choice":"yes"}', headers=JSON | mint("citizen", "김").header)
    short, long = [answered(await wire.put(url, content=body, headers=headers | way)) for way in ({}, BY_ROUTE)]
    assert short == long
    assert short[0] == status


async def test_who_may_not_vote_gets_the_same_answer(wire: AsyncClient, harness: VotingHarness, mint: Mint) -> None:
    """Without a token, with another role, with an invalid token, or with two tokens."""
    url = f"/votes/{await harness.schedule()}/ballot"
    good = mint("citizen", "김").header["Authorization"]
    callers: list[list[tuple[str, str]]] = [
        [],
        [("authorization", mint("officer", "박").header["Authorization"])],
        [("authorization", good[:-6] + "AAAAAA")],
        [("authorization", "Basic Zm9vOmJhcg==")],
        [("authorization", "Bearer")],
        [("authorization", good), ("authorization", good)],
    ]
    for caller in callers:
        answers = []
        for way in ({}, BY_ROUTE):
            sent = [*caller, *JSON.items(), *way.items()]
            answers.append(answered(await wire.put(url, content=b'{"choice":"yes"}', headers=sent)))
        assert answers[0] == answers[1]
        assert answers[0][0] in {401, 403}


async def test_refusals_of_counting_are_the_same(wire: AsyncClient, harness: VotingHarness, mint: Mint) -> None:
    """A vote that is not open, and no vote at all."""
    for task_id in (await harness.schedule(opens=timedelta(days=1)), uuid4()):
        headers = JSON | mint("citizen", "김").header
        url = f"/votes/{task_id}/ballot"
        ways = [headers, headers | BY_ROUTE]
        short, long = [answered(await wire.put(url, content=b'{"choice":"yes"}', headers=way)) for way in ways]
        assert short == long
        assert short[1]["content-type"] == "application/problem+json"


async def test_totals_are_the_same(wire: AsyncClient, harness: VotingHarness) -> None:
    """Of a vote, and of none."""
    for task_id in (await harness.schedule(), uuid4()):
        ways: list[dict[str, str]] = [{}, BY_ROUTE]
        short, long = [answered(await wire.get(f"/votes/{task_id}", headers=way)) for way in ways]
        assert short == long


async def test_keys_that_are_not_here_are_fetched(
    wire: AsyncClient, app: FastAPI, harness: VotingHarness, mint: Mint
) -> None:
    """The first caller after a new key waits for it, as on the route; while the issuer is away the answer is 503."""
    headers = JSON | mint("citizen", "김").header
    url = f"/votes/{await harness.schedule()}/ballot"
    here = state_of(app, ServiceSettings)
    for settings, status in ((here, 200), (here.model_copy(update={"jwks_url": "/none"}), 503)):
        answers = []
        for way in ({}, BY_ROUTE):
            provide(app, keys_of(settings))
            answers.append(answered(await wire.put(url, content=b'{"choice":"no"}', headers=headers | way)))
        assert answers[0][:2] == answers[1][:2]
        assert answers[0][0] == status


VOTE = b"/votes/0190a0a0-0000-7000-8000-000000000000"
SMALL = {b"authorization": b"Bearer a.b.c", b"content-type": b"application/json", b"content-length": b"16"}
PLAIN: dict[str, tuple[bytes, bytes, bytes, dict[bytes, bytes], bool]] = {
    "a ballot": (b"PUT", VOTE + b"/ballot", b"", SMALL, True),
    "totals": (b"GET", VOTE, b"", {}, True),
    "totals since": (b"GET", VOTE, b"", {b"if-none-match": b"*"}, False),
    "totals for somebody": (b"GET", VOTE, b"", {b"authorization": b"Bearer a.b.c"}, False),
    "totals with a query": (b"GET", VOTE, b"a=b", {}, False),
    "totals with a body": (b"GET", VOTE, b"", {b"content-length": b"1"}, False),
    "one's own ballot": (b"GET", VOTE + b"/ballot", b"", SMALL, False),
    "a long ballot": (b"PUT", VOTE + b"/ballot", b"", SMALL | {b"content-length": b"100"}, False),
    "a ballot in chunks": (b"PUT", VOTE + b"/ballot", b"", SMALL | {b"transfer-encoding": b"chunked"}, False),
    "a ballot of nobody": (b"PUT", VOTE + b"/ballot", b"", {b"content-type": b"application/json"}, False),
    "another scheme": (b"PUT", VOTE + b"/ballot", b"", SMALL | {b"authorization": b"Basic a.b.c"}, False),
    "another method": (b"DELETE", VOTE + b"/ballot", b"", SMALL, False),
    "another path": (b"GET", b"/votes", b"", {}, False),
}


class Passed(Exception):
    """The request reached what is behind the fast path."""


class Stored(Exception):
    """The ballot reached the intake, or the totals the cache."""


class Stop:
    """Stands where a request would leave the fast path."""

    def take(self, *_: object) -> None:
        """Stand for the intake."""
        raise Stored

    def fresh(self, _: object) -> None:
        """Stand for the tally cache."""
        raise Stored

    def claims_now(self, _: str) -> Claims:
        """Stand for the keys."""
        return Claims("k", frozenset({"citizen"}), 0, "i:k")


@pytest.mark.parametrize(("method", "path", "query", "headers", "fast"), PLAIN.values(), ids=PLAIN.keys())
async def test_only_a_plain_request_is_answered_here(
    app: FastAPI, method: bytes, path: bytes, query: bytes, headers: dict[bytes, bytes], *, fast: bool
) -> None:
    """A fast path that every request leaves at once would pass the other tests, and be none."""

    async def routes(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise Passed

    async def receive() -> Message:
        return {"type": "http.request", "body": b'{"choice":"yes"}'}

    async def send(_: Message) -> None:
        raise AssertionError

    stop: Any = Stop()
    stopping = FastAPI()
    provide(stopping, state_of(app, ServiceSettings), ServiceSettings)
    provide(stopping, stop, Keys)
    provide(stopping, VotingState(KEYRING, stop, stop))
    scope = {
        "type": "http",
        "method": method.decode(),
        "raw_path": path,
        "query_string": query,
        "headers": [*headers.items()],
    }
    with pytest.raises(Stored if fast else Passed):
        await FastPath(stopping, routes)(scope, receive, send)


async def test_it_can_be_turned_off(app_of: AppOf, harness: VotingHarness) -> None:
    """By a setting; then the routes answer everything, and nothing else changes."""
    app = await app_of(harness.db, fast_path=False)
    task_id = await harness.schedule()
    async with client_for(app) as client:
        for _ in range(2):
            assert (await client.get(f"/votes/{task_id}")).status_code == 200
    assert app.middleware_stack
    assert not any(isinstance(layer, FastPath) for layer in layers(app))
    assert any(isinstance(layer, FastPath) for layer in layers(await app_of(harness.db)))


def layers(app: FastAPI) -> Iterator[object]:
    """Yield the ASGI layers of an application from the outside."""
    layer: object = app.build_middleware_stack()
    while layer is not None:
        yield layer
        layer = getattr(layer, "_app", getattr(layer, "_routes", None))
