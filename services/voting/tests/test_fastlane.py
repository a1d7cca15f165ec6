"""The fast lane: the plain requests of a crowd go past the framework, and get the framework's answers."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx import AsyncClient, Response
from starlette.types import Message, Receive, Scope, Send

from services.voting.tests.polls import Polls
from services.voting.tests.test_routes import scheduled
from townhall.testing.people import Mint
from townhall.testing.services import ClientOf
from voting.fastlane import FastLane

pytestmark = pytest.mark.asyncio(loop_scope="session")

JSON = {"content-type": "application/json"}
THE_LONG_WAY = {"if-none-match": '"nothing"'}
"""Keeps a request off the fast lane and changes nothing else."""
ANSWERED_ANEW = {"x-request-id", "content-length"}


@pytest_asyncio.fixture(loop_scope="session")
async def api(client_of: ClientOf, polls: Polls) -> AsyncClient:
    """The API over the polling place's database."""
    return await client_of(polls.db)


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
    api: AsyncClient, polls: Polls, mint: Mint, ballot: tuple[bytes, dict[str, str], int]
) -> None:
    """Whichever way it takes, with the same headers; and a repeat by the other way is the same ballot."""
    body, told, status = ballot
    url, headers = f"/votes/{await scheduled(api, polls)}/ballot", told | mint("citizen", "김").header
    await api.put(url, content=b'{"choice":"yes"}', headers=JSON | mint("citizen", "김").header)
    short, long = [answered(await api.put(url, content=body, headers=headers | way)) for way in ({}, THE_LONG_WAY)]
    assert short == long
    assert short[0] == status


async def test_who_may_not_vote_hears_the_same(api: AsyncClient, polls: Polls, mint: Mint) -> None:
    """Without a token, with another role, with a token that is no good, or with two of them."""
    url = f"/votes/{await scheduled(api, polls)}/ballot"
    good = mint("citizen", "김").header["Authorization"]
    callers: list[list[tuple[str, str]]] = [
        [],
        [("authorization", mint("officer", "박").header["Authorization"])],
        [("authorization", good[:-6] + "AAAAAA")],
        [("authorization", "Basic Zm9vOmJhcg==")],
        [("authorization", good), ("authorization", good)],
    ]
    for caller in callers:
        answers = []
        for way in ({}, THE_LONG_WAY):
            told = [*caller, *JSON.items(), *way.items()]
            answers.append(answered(await api.put(url, content=b'{"choice":"yes"}', headers=told)))
        assert answers[0] == answers[1]
        assert answers[0][0] in {401, 403}


async def test_what_counting_refuses_is_told_the_same(api: AsyncClient, polls: Polls, mint: Mint) -> None:
    """A vote that is not open, and no vote at all."""
    for task_id in (await scheduled(api, polls, opens=timedelta(days=1)), uuid4()):
        headers = JSON | mint("citizen", "김").header
        url = f"/votes/{task_id}/ballot"
        ways = [headers, headers | THE_LONG_WAY]
        short, long = [answered(await api.put(url, content=b'{"choice":"yes"}', headers=way)) for way in ways]
        assert short == long
        assert short[1]["content-type"] == "application/problem+json"


async def test_totals_are_told_the_same(api: AsyncClient, polls: Polls) -> None:
    """Of a vote, and of none."""
    for task_id in (await scheduled(api, polls), uuid4()):
        ways: list[dict[str, str]] = [{}, THE_LONG_WAY]
        short, long = [answered(await api.get(f"/votes/{task_id}", headers=way)) for way in ways]
        assert short == long


async def test_a_plain_request_goes_past_the_framework(api: AsyncClient, polls: Polls, mint: Mint) -> None:
    """A lane that everything leaves at once would pass the other tests, and be no lane."""
    app: FastAPI = api._transport.app  # type: ignore[attr-defined]  # noqa: SLF001  httpx has no public way
    passed_on: list[str] = []

    async def framework(scope: Scope, _receive: Receive, _send: Send) -> None:
        passed_on.append(scope["method"])

    vote = f"/votes/{await scheduled(api, polls)}"
    header = mint("citizen", "김").header["Authorization"].encode()
    told = [(b"host", b"x"), (b"authorization", header), (b"content-type", b"application/json")]
    sent: list[Message] = []

    async def ask(method: str, path: str, headers: list[tuple[bytes, bytes]]) -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": b'{"choice":"no"}', "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers, "app": app}
        await FastLane(framework)(scope, receive, send)

    await ask("PUT", f"{vote}/ballot", told)
    await ask("GET", vote, told[:1])
    assert (passed_on, [message["status"] for message in sent[::2]]) == ([], [200, 200])
    await ask("PUT", f"{vote}/ballot", [*told, (b"content-encoding", b"gzip")])
    await ask("GET", vote, told)
    await ask("DELETE", f"{vote}/ballot", told)
    assert passed_on == ["PUT", "GET", "DELETE"]


async def test_a_body_that_does_not_come_is_left_to_the_long_way(api: AsyncClient, polls: Polls, mint: Mint) -> None:
    """Only there a slow body has its limit; nothing of it may be lost on the way."""
    app: FastAPI = api._transport.app  # type: ignore[attr-defined]  # noqa: SLF001  httpx has no public way
    came: list[Message] = []
    late = asyncio.Event()

    async def framework(_scope: Scope, receive: Receive, _send: Send) -> None:
        late.set()
        came.append(await receive())

    async def receive() -> Message:
        await late.wait()
        return {"type": "http.request", "body": b'{"choice":"no"}', "more_body": False}

    async def send(_message: Message) -> None:
        raise AssertionError

    header = mint("citizen", "김").header["Authorization"].encode()
    told = [(b"authorization", header), (b"content-type", b"application/json")]
    path = f"/votes/{await scheduled(api, polls)}/ballot"
    scope = {"type": "http", "method": "PUT", "path": path, "query_string": b"", "headers": told, "app": app}
    async with asyncio.timeout(10):
        await FastLane(framework)(scope, receive, send)
    assert [message["body"] for message in came] == [b'{"choice":"no"}']
