"""The fast lane: ballots and totals in the form nearly everyone asks for them, answered before the framework.

In a crowd the framework costs several times what a ballot does. So a request that is plain in every respect takes the
same steps here, in the same order, without it. Whatever is not plain (another spelling, an odd header) is passed on
untouched, and judged and answered by `routes.py`.
"""

import asyncio
import json
import re
from functools import lru_cache, partial
from typing import Final, NamedTuple
from uuid import UUID

from starlette.datastructures import State

from townhall.chassis.auth import Claims, KeysUnavailable, Role, RoleNotAllowed, TokenKeyUnknown
from townhall.chassis.http.shortcut import Head, Pending, Reply, Window
from townhall.chassis.telemetry import tracing
from townhall.contracts.values import TaskId
from voting.domain.ballot import CastBallot, Choice, Counted, Trace
from voting.schemas import CountedResponse

_VOTE: Final = re.compile(rb"/votes/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(/ballot)?")
_WITH_A_BALLOT: Final = {b"authorization", b"content-type"}
_SPELT: Final = {
    json.dumps({"choice": choice}, separators=separators).encode(): choice
    for choice in Choice
    for separators in ((",", ":"), (", ", ": "))
}
"""How clients write a ballot."""
_PERSONAL: Final = b"content-type: application/json\r\ncache-control: no-store\r\n"
_PUBLIC: Final = "content-type: application/json\r\ncache-control: {Cache-Control}\r\netag: {ETag}\r\n"


class FastPath:
    """Opens a window for what is plain. `state` is the application's: intake, tally_cache and the issuer's keys."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._handed: list[_Handed] = []
        self._asking: set[asyncio.Future[None]] = set()

    def __call__(self, head: Head) -> Window | None:
        """Say where a request is answered, if it is plain so far."""
        found = _VOTE.fullmatch(head.url)
        if found is None:
            return None
        if found[2] is None:
            readers = head.method == b"GET" and not head.told
            return Window("/votes/{task_id}", partial(self._totals, _task(found[1]))) if readers else None
        token = _token(head) if head.method == b"PUT" else None
        if token is None:
            return None
        return Window("/votes/{task_id}/ballot", partial(self._ballot, _task(found[1]), token))

    def _ballot(self, task_id: TaskId, token: str, body: bytes) -> Pending | None:
        """Have a ballot counted, once its token is checked with those that came with it."""
        choice = _SPELT.get(body)
        if choice is None:
            return None
        loop = asyncio.get_running_loop()
        if not self._handed:
            loop.call_soon(self._check)
        handed = _Handed(task_id, token, choice, loop.create_future(), tracing.current())
        self._handed.append(handed)
        return Pending(handed.answer, partial(_said, task_id))

    def _totals(self, task_id: TaskId, body: bytes) -> Reply | None:
        """Show a vote that hangs out; to write one anew is left to the long way."""
        tally = None if body else self._state.tally_cache.fresh(task_id)
        return tally and Reply(tally.body, _PUBLIC.format_map(tally.headers).encode())

    def _check(self) -> None:
        """Check tokens one right after the other: in between requests each takes the processor twice as long."""
        together, self._handed = self._handed, []
        for handed in together:
            try:
                self._count(handed, self._state.keys.claims_now(handed.token))
            except (KeysUnavailable, TokenKeyUnknown):
                self._asking.add(asking := asyncio.ensure_future(self._ask(handed)))
                asking.add_done_callback(self._asking.discard)
            except Exception as error:  # noqa: BLE001  whatever it was, the caller gets an answer
                handed.answer.set_exception(error)

    async def _ask(self, handed: "_Handed") -> None:
        """Check a token whose key is not here."""
        try:
            self._count(handed, await self._state.keys.claims(handed.token))
        except Exception as error:  # noqa: BLE001  the same
            handed.answer.set_exception(error)

    def _count(self, handed: "_Handed", claims: Claims) -> None:
        if Role.CITIZEN not in claims.roles:
            raise RoleNotAllowed
        self._state.intake.take(CastBallot(handed.task_id, claims.subject, handed.choice, handed.trace), handed.answer)


class _Handed(NamedTuple):
    """A plain ballot and the answer it waits for."""

    task_id: TaskId
    token: str
    choice: Choice
    answer: "asyncio.Future[Counted]"
    trace: Trace


@lru_cache(512)
def _said(task_id: TaskId, counted: Counted) -> Reply:
    """Write an answer. Ballots that were counted together and say the same are answered with the same words."""
    return Reply(CountedResponse.after(task_id, counted).model_dump_json().encode(), _PERSONAL)


@lru_cache(4096)
def _task(spelt: bytes) -> TaskId:
    return TaskId(UUID(spelt.decode()))


def _token(head: Head) -> str | None:
    """Return the bearer token, where nothing but it and a JSON body is told."""
    told = head.told
    scheme, _, token = told.get(b"authorization", b"").partition(b" ")
    plain = told.keys() == _WITH_A_BALLOT and told[b"content-type"] == b"application/json"
    return token.decode("latin-1") if plain and scheme == b"Bearer" and token else None
