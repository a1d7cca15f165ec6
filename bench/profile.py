"""What the processor does for one ballot on its way to the intake and back, function by function."""

import cProfile
import pstats
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from starlette.types import Message, Scope

from bench.ground import Ground
from bench.server import nothing
from voting.app import build
from voting.settings import Settings

MOST: Final = 14
"""Functions told, from the dearest."""
_BODY: Final = b'{"choice":"yes"}'


class _NoIntake:
    cast = staticmethod(nothing)


async def measure(ground: Ground, ballots: int) -> dict[str, float]:
    """Return the microseconds a ballot spends in each of the dearest functions, each token new."""
    told: dict[str, Any] = {
        name.lower(): value for name, value in ground.settings("postgresql://nobody@127.0.0.1/none", 1).items()
    }
    app = build(Settings(**told | {"master_key": ground.key}))
    app.state.intake = _NoIntake
    await app.state.keys.refresh()
    requests = [_ballot(token) for token in await ground.tokens(ballots)]
    await app(requests[0], _receive, _send)  # Builds what is built once.
    profiled = cProfile.Profile()
    profiled.enable()
    for scope in requests:
        await app(scope, _receive, _send)
    profiled.disable()
    return _dearest(profiled, ballots)


def _dearest(profiled: cProfile.Profile, ballots: int) -> dict[str, float]:
    stats: Any = pstats.Stats(profiled)
    own = {_name(*where): figures[2] / ballots * 1e6 for where, figures in stats.stats.items()}
    ordered = sorted(own.items(), key=lambda each: -each[1])
    return {name: round(micros, 1) for name, micros in ordered[:MOST]}


def _name(file: str, _line: int, function: str) -> str:
    return function if file == "~" else f"{Path(file).stem}.{function}"


def _ballot(token: str) -> Scope:
    return {
        "type": "http", "http_version": "1.1", "scheme": "http", "method": "PUT", "query_string": b"", "root_path": "",
        "path": f"/votes/{uuid4()}/ballot", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2), "state": {},
        "headers": [
            (b"host", b"bench"), (b"authorization", b"Bearer " + token.encode()),
            (b"content-type", b"application/json"), (b"content-length", str(len(_BODY)).encode()),
        ],
    }  # fmt: skip


async def _receive() -> Message:
    return {"type": "http.request", "body": _BODY, "more_body": False}


async def _send(_message: Message) -> None:
    return None
