"""What the processor does for one ballot on its way to the intake and back, function by function."""

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

MOST: Final = 14
"""Functions told, from the dearest."""
TOGETHER: Final = 8
"""Connections that have something to read at the same time."""
_BODY: Final = b'{"choice":"yes"}'


class _NoIntake:
    take = staticmethod(nothing)


class _Nowhere(asyncio.Transport):
    """The other end of a connection that takes everything."""

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
    """Return the microseconds a ballot spends in each of the dearest functions, each token new."""
    told: dict[str, Any] = {
        name.lower(): value for name, value in infrastructure.settings("postgresql://nobody@127.0.0.1/none", 1).items()
    }
    app = build(Settings(**told | {"master_key": infrastructure.key}))
    app.state.intake = _NoIntake
    await app.state.keys.refresh()
    connections = [_connection(app) for _ in range(TOGETHER)]
    requests = [
        request("PUT", f"/votes/{uuid4()}/ballot", token, _BODY) for token in await infrastructure.tokens(ballots)
    ]
    await _come(connections, requests[:TOGETHER])  # Builds what is built once.
    profiled = cProfile.Profile()
    profiled.enable()
    for at in range(TOGETHER, ballots, TOGETHER):
        await _come(connections, requests[at : at + TOGETHER])
    profiled.disable()
    return _dearest(profiled, ballots)


def _connection(app: FastAPI) -> Wire:
    config = uvicorn.Config(app, log_config=None)
    connection = Wire(config, ServerState(), {}, asyncio.get_running_loop())
    connection.connection_made(_Nowhere())
    return connection


async def _come(connections: list[Wire], requests: list[bytes]) -> None:
    """Let requests come in, and be answered."""
    for connection, each in zip(connections, requests, strict=False):
        connection.data_received(each)
    await asyncio.to_thread(int)


def _dearest(profiled: cProfile.Profile, ballots: int) -> dict[str, float]:
    stats: Any = pstats.Stats(profiled)
    own = {_name(*where): figures[2] / ballots * 1e6 for where, figures in stats.stats.items()}
    ordered = sorted(own.items(), key=lambda each: -each[1])
    return {name: round(micros, 1) for name, micros in ordered[:MOST]}


def _name(file: str, _line: int, function: str) -> str:
    return function if file == "~" else f"{Path(file).stem}.{function}"
