"""The fast lane: ballots and totals in the form nearly everyone asks for them, answered before the framework.

In a crowd the framework costs several times what a ballot does. So a request that is plain in every respect takes the
same steps here, in the same order, without it. Whatever is not plain (another spelling, an odd header, a token that
is refused) is passed on untouched, and judged and answered by `routes.py`: only there is anybody told no, but for what
counting itself refuses.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from uuid import UUID

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from townhall.chassis.auth import Role
from townhall.chassis.http.limits import Replay
from townhall.contracts.values import TaskId
from townhall.rejected import Rejected
from voting.domain.ballot import Choice, Counted, Slip
from voting.papers import CountedView

NEARLY: Final = 0.5
"""Seconds a plain ballot's body may come after its head."""
_VOTE: Final = re.compile(r"/votes/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(/ballot)?")
_TOLD: Final = frozenset(
    {b"authorization", b"content-type", b"content-encoding", b"transfer-encoding", b"if-none-match", b"expect"}
)
"""Headers that say how a request is to be taken; each may stand there once."""
_SPELT: Final = {
    json.dumps({"choice": choice}, separators=separators).encode(): choice
    for choice in Choice
    for separators in ((",", ":"), (", ", ": "))
}
"""How clients write a ballot."""


class _Route:
    """What metrics call the requests answered here: as they call those of the framework."""

    def __init__(self, path: str) -> None:
        self.path = path


_BALLOT: Final = _Route("/votes/{task_id}/ballot")
_TOTALS: Final = _Route("/votes/{task_id}")


class FastLane:
    """Answers what is plain, and passes all else on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the short way where there is one."""
        found = _VOTE.fullmatch(scope["path"]) if scope["type"] == "http" else None
        told = None if found is None else _told(scope)
        if found is not None and told is not None:
            task_id, is_ballot = _task(found[1]), found[2] is not None
            if is_ballot and scope["method"] == "PUT":
                await self._ballot(task_id, told, scope, receive, send)
                return
            if not is_ballot and scope["method"] == "GET" and not told and not scope["query_string"]:
                await self._totals(task_id, scope, send)
                return
        await self._app(scope, receive, send)

    async def _ballot(
        self, task_id: TaskId, told: Mapping[bytes, bytes], scope: Scope, receive: Receive, send: Send
    ) -> None:
        token = _token(told)
        message = None if token is None else await _at_once(receive)
        if token is None or message is None:
            await self._app(scope, receive, send)
            return
        choice = _choice(message)
        subject = None if choice is None else await _citizen(scope, token)
        if choice is None or subject is None:
            await self._app(scope, Replay(message, receive), send)
            return
        scope["route"] = _BALLOT
        counted = await scope["app"].state.intake.cast(Slip(task_id, subject, choice))
        await _answer(send, _said(task_id, counted))

    async def _totals(self, task_id: TaskId, scope: Scope, send: Send) -> None:
        scope["route"] = _TOTALS
        notice = await scope["app"].state.noticeboard.notice(task_id)
        told = [(name.lower().encode(), value.encode()) for name, value in notice.headers.items()]
        await _answer(send, notice.body, *told)


async def _answer(send: Send, body: bytes, *told: tuple[bytes, bytes]) -> None:
    length = (b"content-length", str(len(body)).encode())
    headers = [*told, length, (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@lru_cache(512)
def _said(task_id: TaskId, counted: Counted) -> bytes:
    """Write an answer. Ballots that were counted together and say the same are answered with the same words."""
    return CountedView.after(task_id, counted).model_dump_json().encode()


@lru_cache(4096)
def _task(spelt: str) -> TaskId:
    return TaskId(UUID(spelt))


def _told(scope: Scope) -> dict[bytes, bytes] | None:
    """Return the headers that matter; None when one of them stands there twice."""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _TOLD:
            if name in found:
                return None
            found[name] = value
    return found


def _choice(message: Message) -> Choice | None:
    """Return what a plain ballot says."""
    whole = message["type"] == "http.request" and not message.get("more_body", False)
    return _SPELT.get(message.get("body", b"")) if whole else None


async def _at_once(receive: Receive) -> Message | None:
    """Return the body when it is here, or nearly; how long one may take that is not is for the long way to say."""
    try:
        async with asyncio.timeout(NEARLY):
            return await receive()
    except TimeoutError:
        return None


def _token(told: Mapping[bytes, bytes]) -> str | None:
    """Return the bearer token, where nothing but it and a JSON body is told."""
    scheme, _, token = told.get(b"authorization", b"").partition(b" ")
    plain = told.keys() == {b"authorization", b"content-type"} and told[b"content-type"] == b"application/json"
    return token.decode("latin-1") if plain and scheme == b"Bearer" else None


async def _citizen(scope: Scope, token: str) -> str | None:
    """Return the subject of a citizen's token; None when it is anybody else's or no good."""
    try:
        claims = await scope["app"].state.keys.claims(token)
    except Rejected:
        return None
    return claims.subject if Role.CITIZEN in claims.roles else None
