"""The client of the public APIs retries safely, against a real server that fails now and then."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import pytest
from aiohttp import web

from townhall_local.client.api import PublicApi, Refused, Unreachable
from townhall_local.client.concurrency import gather_limited
from townhall_local.client.users import TokenCache

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
NO_DELAY: Final = {"Retry-After": "0"}


@asynccontextmanager
async def served(answer: Answer, within: float = 5.0) -> AsyncIterator[PublicApi]:
    """Serve one handler for every path on a free port; yields a client of that server."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        async with PublicApi({"proposal": f"http://{host}:{port}"}, timeout=within) as api:
            yield api
    finally:
        await runner.cleanup()


async def test_retries_of_a_post_have_the_same_idempotency_key() -> None:
    """After a 503 and a lost connection the key is the same; another request has another key."""
    keys: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) == 1:
            return web.json_response({}, status=503, headers=NO_DELAY)
        if len(keys) == 2:
            assert request.transport is not None
            request.transport.close()
        return web.json_response({"proposal_id": "7"}, status=201)

    async with served(answer) as api:
        assert await api.post("proposal", "/proposals", {}, token="t") == {"proposal_id": "7"}
        assert len(keys) == 3
        await api.post("proposal", "/proposals", {}, token="t")
    assert [len(set(keys[:3])), len(set(keys))] == [1, 2]


async def test_a_refusal_has_the_code_of_the_problem_and_is_not_retried() -> None:
    """A retry would not change a 409."""
    tokens = []

    async def answer(request: web.Request) -> web.StreamResponse:
        tokens.append(request.headers.get("Authorization"))
        return web.json_response({"code": "vote-not-open", "detail": "The vote is closed."}, status=409)

    async with served(answer) as api:
        with pytest.raises(Refused, match="409 vote-not-open: The vote is closed"):
            await api.put("proposal", "/x", {}, token="t")
    assert tokens == ["Bearer t"]


@pytest.mark.parametrize(("status", "found"), [(404, None), (200, {"a": 1})])
async def test_find_returns_none_on_404(status: int, found: object) -> None:
    """A resource may not exist until an event is processed."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response({"a": 1}, status=status)

    async with served(answer) as api:
        assert await api.find("proposal", "/x") == found


async def test_a_timeout_names_the_request() -> None:
    """`Unreachable` is raised once the timeout has passed."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response({}, status=503)

    async with served(answer, within=0.05) as api:
        with pytest.raises(Unreachable, match="GET /x of proposal"):
            await api.get("proposal", "/x")


async def test_a_list_is_read_to_its_last_page() -> None:
    """Cursors are followed to the end."""
    pages = {None: ([{"n": 1}, {"n": 2}], "b"), "b": ([{"n": 3}], "c"), "c": ([], None)}

    async def answer(request: web.Request) -> web.StreamResponse:
        items, following = pages[request.query.get("cursor")]
        return web.json_response({"items": items, "next": following})

    async with served(answer) as api:
        assert await api.every("proposal", "/x") == [{"n": 1}, {"n": 2}, {"n": 3}]


class NumberingIssuer:
    """An issuer whose tokens are numbered."""

    def __init__(self, lifetime: float) -> None:
        self.lifetime = lifetime
        self.issued = 0

    async def issue(self, role: str, subject: str) -> tuple[str, float]:
        """Return a token of role, subject and number."""
        self.issued += 1
        return f"{role} {subject} {self.issued}", self.lifetime


async def test_a_token_is_reused_while_it_is_valid() -> None:
    """One token per user and role, renewed shortly before it expires."""
    tokens = TokenCache(NumberingIssuer(lifetime=3600))
    users = [("citizen", "a"), ("citizen", "b"), ("citizen", "a"), ("officer", "a")]
    assert [await tokens.token(*user) for user in users] == ["citizen a 1", "citizen b 2", "citizen a 1", "officer a 3"]
    expiring = TokenCache(NumberingIssuer(lifetime=0))
    assert [await expiring.token("citizen", "a") for _ in range(2)] == ["citizen a 1", "citizen a 2"]


async def test_gather_limited_bounds_concurrency_and_keeps_the_order() -> None:
    """Exactly `limit` calls run at a time: each waits here for two others, and never are there more."""
    others = asyncio.Barrier(3)
    running: list[int] = []

    async def double(number: int) -> int:
        running.append(number)
        assert len(running) <= 3
        await others.wait()
        running.remove(number)
        return number * 2

    assert await gather_limited(range(21), double, limit=3) == list(range(0, 42, 2))
