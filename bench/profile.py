"""CPU time of one ballot up to the intake and back, by function."""

import asyncio
import cProfile
import pstats
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import uvicorn
from fastapi import FastAPI
from typing_extensions import override
from uvicorn.server import ServerState

from bench.infrastructure import Infrastructure
from bench.load import request
from bench.server import nothing
from townhall.chassis.http.wire import Wire
from voting.app import build
from voting.settings import Settings

FUNCTIONS: Final = 14
"""Functions reported, most expensive first."""
CONNECTIONS: Final = 8
"""Connections with a request at the same time."""
_BODY: Final = b'{"choice":"yes"}'


class _NoIntake:
    take = staticmethod(nothing)


class _DiscardingTransport(asyncio.Transport):
    """A transport that discards everything written."""

    @override
    def write(self, data: object) -> None: ...

    @override
    def is_closing(self) -> bool:
        return False

    @override
    def resume_reading(self) -> None: ...

    @override
    def close(self) -> None: ...


async def measure(infrastructure: Infrastructure, ballots: int) -> dict[str, float]:
    """Return own time in microseconds per ballot of the most expensive functions; each token is new."""
    settings: dict[str, Any] = {
        name.lower(): value for name, value in infrastructure.settings("postgresql://nobody@127.0.0.1/none", 1).items()
    }
    app = build(Settings(**settings | {"master_key": infrastructure.key}))
    app.state.intake = _NoIntake
    await app.state.keys.refresh()
    connections = [_connection(app) for _ in range(CONNECTIONS)]
    requests = [
        request("PUT", f"/votes/{uuid4()}/ballot", token, _BODY) for token in await infrastructure.tokens(ballots)
    ]
    await _receive(connections, requests[:CONNECTIONS])  # warm-up
    profiled = cProfile.Profile()
    profiled.enable()
    for at in range(CONNECTIONS, ballots, CONNECTIONS):
        await _receive(connections, requests[at : at + CONNECTIONS])
    profiled.disable()
    return _most_expensive(profiled, ballots)


def _connection(app: FastAPI) -> Wire:
    config = uvicorn.Config(app, log_config=None)
    connection = Wire(config, ServerState(), {}, asyncio.get_running_loop())
    connection.connection_made(_DiscardingTransport())
    return connection


async def _receive(connections: list[Wire], requests: list[bytes]) -> None:
    """Deliver one request to each connection and let them be answered."""
    for connection, each in zip(connections, requests, strict=False):
        connection.data_received(each)
    await asyncio.to_thread(int)


def _most_expensive(profiled: cProfile.Profile, ballots: int) -> dict[str, float]:
    stats: Any = pstats.Stats(profiled)
    own = {_name(*where): figures[2] / ballots * 1e6 for where, figures in stats.stats.items()}
    ordered = sorted(own.items(), key=lambda each: -each[1])
    return {name: round(micros, 1) for name, micros in ordered[:FUNCTIONS]}


def _name(file: str, _line: int, function: str) -> str:
    return function if file == "~" else f"{Path(file).stem}.{function}"
