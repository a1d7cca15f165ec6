"""The fast path: ballots and totals in the form nearly every client sends, answered before the framework.

Under load the framework costs several times what a ballot does. A request that is plain in every respect takes the same
steps here, in the same order, without it. Every other request is passed on and answered by `routes.py`.
"""

import asyncio
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from townhall.chassis.auth import Claims, Keys, KeysUnavailable, Role, TokenKeyUnknown, authorize
from townhall.chassis.http.limits import Replay, read_body
from townhall.chassis.settings import ServiceSettings
from townhall.chassis.state import typed_state
from townhall.chassis.telemetry import tracing
from townhall.contracts.values import TaskId
from voting.domain.ballot import CastBallot, Choice, Counted, Trace
from voting.schemas.ballots import CountedResponse
from voting.state import VotingState
from voting.tally_cache import CachedTally

Header = tuple[bytes, bytes]

LARGEST: Final = 99
"""Bytes of a body that is read here, with at most two digits of Content-Length."""
_VOTE: Final = re.compile(rb"/votes/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(/ballot)?")
_MATTERS: Final = frozenset(
    {
        b"authorization", b"content-length", b"content-type", b"expect", b"if-match", b"if-modified-since",
        b"if-none-match", b"if-unmodified-since", b"range", b"transfer-encoding",
    }
)  # fmt: skip
"""Headers that change how a request is answered."""
_BALLOT_HAS: Final = {b"authorization", b"content-length", b"content-type"}
_BODIES: Final = {
    json.dumps({"choice": choice}, separators=separators).encode(): choice
    for choice in Choice
    for separators in ((",", ":"), (", ", ": "))
}
"""How clients write a ballot."""
_JSON: Final = (b"content-type", b"application/json")
_NO_STORE: Final = (b"cache-control", b"no-store")
_CITIZEN: Final = (Role.CITIZEN,)


class Route(NamedTuple):
    """What metrics call a request that took the fast path: the route that would have answered it."""

    path: str


_BALLOT: Final = Route("/votes/{task_id}/ballot")
_TOTALS: Final = Route("/votes/{task_id}")


class FastPath:
    """An ASGI application before the framework. It passes what it does not answer to `routes`."""

    def __init__(self, app: FastAPI, routes: ASGIApp) -> None:
        self._state = typed_state(app)
        self._routes = routes
        self._unchecked: list[_Unchecked] = []
        self._waiting_for_keys: set[asyncio.Future[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a plain ballot or a request for totals that are cached; pass on every other request."""
        vote = _VOTE.fullmatch(scope["raw_path"]) if scope["type"] == "http" and not scope["query_string"] else None
        if vote is None:
            await self._routes(scope, receive, send)
        elif vote[2] is None:
            await self._totals(_task_id(vote[1]), scope, receive, send)
        else:
            await self._ballot(_task_id(vote[1]), scope, receive, send)

    async def _totals(self, task_id: TaskId, scope: Scope, receive: Receive, send: Send) -> None:
        plain = scope["method"] == "GET" and not any(name in _MATTERS for name, _ in scope["headers"])
        cached = self._state.get(VotingState).tally_cache.fresh(task_id) if plain else None
        if cached is None:
            await self._routes(scope, receive, send)
            return
        scope["route"] = _TOTALS
        await _answer(send, cached.body, _totals_headers(cached))

    async def _ballot(self, task_id: TaskId, scope: Scope, receive: Receive, send: Send) -> None:
        token = _plain_token(scope["headers"]) if scope["method"] == "PUT" else None
        if token is None:
            await self._routes(scope, receive, send)
            return
        body = await read_body(receive, most=LARGEST, seconds=self._state.get(ServiceSettings).body_seconds)
        choice = _BODIES.get(body)
        if choice is None:
            await self._routes(scope, Replay(body, receive), send)
            return
        scope["route"] = _BALLOT
        counted = await self._counted(task_id, token, choice)
        await _answer(send, _ballot_body(task_id, counted), [_NO_STORE])

    def _counted(self, task_id: TaskId, token: str, choice: Choice) -> "asyncio.Future[Counted]":
        """Have a ballot counted, once its token is verified together with those that came at the same time."""
        loop = asyncio.get_running_loop()
        if not self._unchecked:
            loop.call_soon(self._verify)
        unchecked = _Unchecked(task_id, token, choice, loop.create_future(), tracing.current())
        self._unchecked.append(unchecked)
        return unchecked.answer

    def _verify(self) -> None:
        """Verify tokens one right after the other: in between other work each takes the processor twice as long."""
        together, self._unchecked = self._unchecked, []
        for each in together:
            try:
                self._count(each, self._state.get(Keys).claims_now(each.token))
            except (KeysUnavailable, TokenKeyUnknown):
                self._waiting_for_keys.add(waiting := asyncio.ensure_future(self._fetch_keys(each)))
                waiting.add_done_callback(self._waiting_for_keys.discard)
            except Exception as error:  # noqa: BLE001  whatever it was, the caller gets an answer
                each.answer.set_exception(error)

    async def _fetch_keys(self, unchecked: "_Unchecked") -> None:
        """Verify a token whose key is not known yet."""
        try:
            self._count(unchecked, await self._state.get(Keys).claims(unchecked.token))
        except Exception as error:  # noqa: BLE001  the same
            unchecked.answer.set_exception(error)

    def _count(self, unchecked: "_Unchecked", claims: Claims) -> None:
        authorize(claims, _CITIZEN)
        ballot = CastBallot(unchecked.task_id, claims.identity, unchecked.choice, unchecked.trace)
        self._state.get(VotingState).intake.take(ballot, unchecked.answer)


class _Unchecked(NamedTuple):
    """A plain ballot before its token is verified, and its future answer."""

    task_id: TaskId
    token: str
    choice: Choice
    answer: "asyncio.Future[Counted]"
    trace: Trace


async def _answer(send: Send, body: bytes, headers: list[Header]) -> None:
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": 200, "headers": [_JSON, length, *headers]})
    await send({"type": "http.response.body", "body": body})


@lru_cache(512)
def _ballot_body(task_id: TaskId, counted: Counted) -> bytes:
    """Return the JSON of an answer. Ballots counted together with the same outcome share it."""
    return CountedResponse.from_counted(task_id, counted).model_dump_json().encode()


@lru_cache(512)
def _totals_headers(cached: CachedTally) -> list[Header]:
    return [(name.lower().encode(), value.encode()) for name, value in cached.headers.items()]


@lru_cache(4096)
def _task_id(text: bytes) -> TaskId:
    return TaskId(UUID(text.decode()))


def _plain_token(headers: Iterable[Header]) -> str | None:
    """Return the bearer token of a small JSON request, if no other header changes how it is answered."""
    found = [header for header in headers if header[0] in _MATTERS]
    given = dict(found)
    if len(found) != len(_BALLOT_HAS) or given.keys() != _BALLOT_HAS:
        return None
    scheme, _, token = given[b"authorization"].partition(b" ")
    plain = given[b"content-type"] == _JSON[1] and len(given[b"content-length"]) <= len(str(LARGEST))
    return token.decode("latin-1") if plain and scheme == b"Bearer" and token else None
