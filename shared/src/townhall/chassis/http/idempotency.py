"""Creating once, whatever the retries: the answer to an `Idempotency-Key` is stored with the effect.

The header follows draft-ietf-httpapi-idempotency-key-header: the same key with the same request is answered again,
with another request it is refused. A refused request leaves no receipt, since it had no effect.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from hashlib import sha256
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, FastAPI, Header, Request, Response
from pydantic import BaseModel
from sqlalchemy import text

from townhall.chassis.db import Database, Transaction
from townhall.chassis.state import state_of
from townhall.rejected import Rejected

KEPT: Final = timedelta(hours=24)
"""How long a receipt is good for."""

# The primary key makes a second request with the key wait here until the first commits or rolls back.
_BEGIN = text("""
    INSERT INTO receipt (person, key, fingerprint, status, body, created_at)
    VALUES (:person, :key, :fingerprint, 0, '', :now)
    ON CONFLICT (person, key) DO NOTHING
""")
_FIND = text("SELECT fingerprint, status, body FROM receipt WHERE person = :person AND key = :key")
_END = text("UPDATE receipt SET status = :status, body = :body WHERE person = :person AND key = :key")
_FORGET = text("""
    DELETE FROM receipt WHERE (person, key) IN
        (SELECT person, key FROM receipt WHERE created_at < :before LIMIT 1000 FOR UPDATE SKIP LOCKED)
""")

V = TypeVar("V", bound=BaseModel)


class KeyReused(Rejected):
    """The key came before with something else."""

    code = "idempotency-key-reused"
    status = 422
    title = "This Idempotency-Key was used for another request."


class Replayed(Exception):
    """The effect happened before; `body` is what was answered then."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__()
        self.status = status
        self.body = body


class OneEffect:
    """Runs a creating act at most once per key and person."""

    def __init__(self, request: Request, key: str | None) -> None:
        self._request = request
        self._key = key

    async def __call__(self, act: Callable[[Transaction], Awaitable[V]]) -> V:
        """Run the act in a transaction and return the view it makes, or answer as before."""
        async with state_of(self._request.app, Database).transaction() as tx:
            if self._key is None:
                return await act(tx)
            receipt = await self._receipt(tx)
            view = await act(tx)
            await tx.session.execute(
                _END, receipt | {"status": self._status(), "body": view.model_dump_json().encode()}
            )
            return view

    async def _receipt(self, tx: Transaction) -> dict[str, Any]:
        whose = {"person": self._request.state.caller.person, "key": self._key}
        fingerprint = await self._fingerprint()
        begun: Any = await tx.session.execute(_BEGIN, whose | {"fingerprint": fingerprint, "now": tx.now})
        if begun.rowcount == 1:
            return whose
        stored = (await tx.session.execute(_FIND, whose)).one()
        if stored.fingerprint != fingerprint:
            raise KeyReused
        raise Replayed(stored.status, stored.body)

    async def _fingerprint(self) -> bytes:
        asked = f"{self._request.method} {self._request.url.path}\n".encode()
        return sha256(asked + await self._request.body()).digest()

    def _status(self) -> int:
        return getattr(self._request.scope["route"], "status_code", None) or 200


_Key = Header(
    description="A retry with the same key is answered like the first request.",
    min_length=1,
    max_length=200,
    pattern=r"^[\x21-\x7e]+$",
)


def _one_effect(request: Request, idempotency_key: Annotated[str | None, _Key] = None) -> OneEffect:
    return OneEffect(request, idempotency_key)


Idempotent = Annotated[OneEffect, Depends(_one_effect)]
"""For a POST that creates: `return await idempotent(act)`, where `act(tx)` returns the view."""


async def forget(tx: Transaction) -> int:
    """Drop receipts nobody can use any more, a thousand at a time; return how many. A timer's act."""
    dropped: Any = await tx.session.execute(_FORGET, {"before": tx.now - KEPT})
    return int(dropped.rowcount)


def install(app: FastAPI) -> None:
    """Answer a replay with what was answered first."""

    async def replay(_request: Request, replayed: Any) -> Response:  # noqa: ANN401  the framework's signature
        headers = {"Idempotency-Replayed": "true"}
        return Response(replayed.body, replayed.status, headers, media_type="application/json")

    app.add_exception_handler(Replayed, replay)
