"""The small service as a process of its own: `python -m shared.tests.serving PORT [WORD | name=value] ...`.

Words are `fail-start`, `fail-stop` and `hold`: it has not started before SIGUSR1. `GET /held` is answered after the
next SIGUSR1. Names are those of settings.
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse

from shared.tests.sample_service import SECRET, app_of
from shared.tests.token_variants import Issuer
from townhall.chassis.http import server
from townhall.chassis.settings import ServiceSettings
from townhall.chassis.state import provide, state_of
from townhall.chassis.telemetry import logs


@dataclass(slots=True)
class Stopping:
    """Whether the service is about to end."""

    now: bool = False


def build(words: list[str]) -> FastAPI:
    """Put the service together as the words say."""
    settings: dict[str, Any] = dict(word.split("=") for word in words if "=" in word)
    app = app_of(Issuer(), **settings)
    released = asyncio.Event()
    provide(app, Stopping())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, released.set)
        if "hold" in words:
            await released.wait()
            released.clear()
        if "fail-start" in words:
            raise RuntimeError(SECRET)
        yield
        sys.stdout.write("lifespan ended\n")
        if "fail-stop" in words:
            raise RuntimeError(SECRET)

    app.router.lifespan_context = lifespan

    @app.get("/held")
    async def held() -> dict[str, str]:
        await released.wait()
        return {}

    @app.get("/large")
    async def large() -> dict[str, str]:
        return {"text": "y" * 1_500_000}

    @app.get("/readyz")
    async def readyz() -> JSONResponse:
        return JSONResponse({}, 503 if state_of(app, Stopping).now else 200)

    return app


def main() -> None:
    """Serve until SIGTERM."""
    port, *words = sys.argv[1:]
    logs.configure("desk")
    app = build([f"port={port}", *words])

    def stopping() -> None:
        state_of(app, Stopping).now = True

    server.run(app, state_of(app, ServiceSettings), stopping)


if __name__ == "__main__":
    main()
