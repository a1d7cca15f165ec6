"""CPU time of one ballot up to the intake and back, by function.

The application is called as the server calls it, so what the server does in its own threads is not in these figures.
"""

import asyncio
import cProfile
import pstats
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from fastapi import FastAPI
from starlette.types import Message, Scope

from bench.infrastructure import Infrastructure
from bench.server import nothing
from townhall.chassis.auth import Keys
from townhall.chassis.state import provide, state_of
from voting.app import build
from voting.settings import Settings
from voting.state import VotingState

FUNCTIONS: Final = 14
"""Functions reported, most expensive first."""
CONCURRENT: Final = 8
"""Concurrent requests."""
_BODY: Final = b'{"choice":"yes"}'


class _NoIntake:
    take = staticmethod(nothing)


async def measure(infrastructure: Infrastructure, ballots: int) -> dict[str, float]:
    """Return own time in microseconds per ballot of the most expensive functions; each token is new."""
    settings: dict[str, Any] = {
        name.lower(): value for name, value in infrastructure.settings("postgresql://nobody@127.0.0.1/none", 1).items()
    }
    app = build(Settings(**settings | {"master_key": infrastructure.key}))
    unused: Any = None
    no_intake: Any = _NoIntake
    provide(app, VotingState(unused, no_intake, unused))
    await state_of(app, Keys).refresh()
    scopes = [_scope(token) for token in await infrastructure.tokens(ballots)]
    await _call(app, scopes[:CONCURRENT])  # warm-up
    profiled = cProfile.Profile()
    profiled.enable()
    for at in range(CONCURRENT, ballots, CONCURRENT):
        await _call(app, scopes[at : at + CONCURRENT])
    profiled.disable()
    return _most_expensive(profiled, ballots)


def _scope(token: str) -> Scope:
    path = f"/votes/{uuid4()}/ballot"
    headers = {
        "host": "bench", "authorization": f"Bearer {token}", "content-type": "application/json",
        "content-length": str(len(_BODY)),
    }  # fmt: skip
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "PUT",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }


async def _receive() -> Message:
    return {"type": "http.request", "body": _BODY, "more_body": False}


async def _send(message: Message) -> None:
    """Take everything."""


async def _call(app: FastAPI, scopes: list[Scope]) -> None:
    """Send requests at the same time, each in a task of its own as the server does, and wait for their answers."""
    await asyncio.gather(*(app(scope, _receive, _send) for scope in scopes))


def _most_expensive(profiled: cProfile.Profile, ballots: int) -> dict[str, float]:
    stats: Any = pstats.Stats(profiled)
    own = {_name(*where): figures[2] / ballots * 1e6 for where, figures in stats.stats.items()}
    ordered = sorted(own.items(), key=lambda each: -each[1])
    return {name: round(micros, 1) for name, micros in ordered[:FUNCTIONS]}


def _name(file: str, _line: int, function: str) -> str:
    return function if file == "~" else f"{Path(file).stem}.{function}"
