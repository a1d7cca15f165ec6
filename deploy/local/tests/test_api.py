"""The client of the public APIs against a real server that fails now and then."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import pytest
from aiohttp import web

from townhall_local.client.api import PublicApi, Refused, Unreachable
from townhall_local.client.people import Tokens
from townhall_local.client.together import together

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
AT_ONCE: Final = {"Retry-After": "0"}


@asynccontextmanager
async def served(answer: Answer, patience: float = 5.0) -> AsyncIterator[PublicApi]:
    """Serve one answer for every path, on a free port."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        async with PublicApi({"proposal": f"http://{host}:{port}"}, patience=patience) as api:
            yield api
    finally:
        await runner.cleanup()


async def test_a_repeated_post_carries_the_same_key() -> None:
    """However often it is sent, it is one request; another one has another key."""
    keys: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) == 1:
            return web.json_response({}, status=503, headers=AT_ONCE)
        if len(keys) == 2:
            assert request.transport is not None
            request.transport.close()
        return web.json_response({"proposal_id": "7"}, status=201)

    async with served(answer) as api:
        assert await api.post("proposal", "/proposals", {}, token="t") == {"proposal_id": "7"}
        assert len(keys) == 3
        await api.post("proposal", "/proposals", {}, token="t")
    assert [len(set(keys[:3])), len(set(keys))] == [1, 2]


async def test_a_refusal_is_told_by_its_code_and_not_repeated() -> None:
    """A rule said no: asking again won't help."""
    asked = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.headers.get("Authorization"))
        return web.json_response({"code": "vote-not-open", "detail": "The vote is closed."}, status=409)

    async with served(answer) as api:
        with pytest.raises(Refused, match="409 vote-not-open: The vote is closed"):
            await api.put("proposal", "/x", {}, token="t")
    assert asked == ["Bearer t"]


@pytest.mark.parametrize(("status", "found"), [(404, None), (200, {"a": 1})])
async def test_what_is_not_there_yet_is_none(status: int, found: object) -> None:
    """Events bring it about sooner or later."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response({"a": 1}, status=status)

    async with served(answer) as api:
        assert await api.find("proposal", "/x") == found


async def test_giving_up_says_what_got_no_answer() -> None:
    """After its patience, and not before the first answer."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response({}, status=503)

    async with served(answer, patience=0.05) as api:
        with pytest.raises(Unreachable, match="GET /x of proposal"):
            await api.get("proposal", "/x")


async def test_a_list_is_read_to_its_last_page() -> None:
    """Cursors are followed, and nothing is asked for twice."""
    pages = {None: ([{"n": 1}, {"n": 2}], "b"), "b": ([{"n": 3}], "c"), "c": ([], None)}

    async def answer(request: web.Request) -> web.StreamResponse:
        items, following = pages[request.query.get("cursor")]
        return web.json_response({"items": items, "next": following})

    async with served(answer) as api:
        assert await api.every("proposal", "/x") == [{"n": 1}, {"n": 2}, {"n": 3}]


class Mint:
    """An issuer that numbers its tokens."""

    def __init__(self, lives: float) -> None:
        self.lives = lives
        self.issued = 0

    async def issue(self, role: str, subject: str) -> tuple[str, float]:
        """Say who it is for, and the how many-th token it is."""
        self.issued += 1
        return f"{role} {subject} {self.issued}", self.lives


async def test_a_token_is_kept_while_it_is_good() -> None:
    """One for each person and role; renewed once it nears its end."""
    tokens = Tokens(Mint(lives=3600))
    asked = [("citizen", "a"), ("citizen", "b"), ("citizen", "a"), ("officer", "a")]
    assert [await tokens.of(*who) for who in asked] == ["citizen a 1", "citizen b 2", "citizen a 1", "officer a 3"]
    expiring = Tokens(Mint(lives=0))
    assert [await expiring.of("citizen", "a") for _ in range(2)] == ["citizen a 1", "citizen a 2"]


async def test_many_at_once_come_back_in_order() -> None:
    """As many under way as allowed: each waits here for two others, and never are there more."""
    others = asyncio.Barrier(3)
    under_way: list[int] = []

    async def double(number: int) -> int:
        under_way.append(number)
        assert len(under_way) <= 3
        await others.wait()
        under_way.remove(number)
        return number * 2

    assert await together(range(21), double, at_once=3) == list(range(0, 42, 2))
