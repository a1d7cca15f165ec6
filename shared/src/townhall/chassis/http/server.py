"""The life of a serving process: listen, start, serve until SIGTERM or SIGINT, drain, end with an exit code."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import ClassVar, Final, NoReturn

import structlog
import uvloop
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from townhall.chassis.http.listener import EmbeddedServer, listen
from townhall.chassis.http.middleware import RequestMiddleware
from townhall.chassis.settings import ServiceSettings
from townhall.rejected import Rejected

log = structlog.get_logger(__name__)
_ALIVE: Final = {"status": "alive"}


class Starting(Rejected):
    """The process listens, and its application has not started yet."""

    code = "starting"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "The service is starting. Please try again in a moment."
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


class StartGate:
    """Until `open()` answers 200 on `/livez` and 503 everywhere else; then passes everything to the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._target: ASGIApp = RequestMiddleware(_starting)
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer, or pass on."""
        return self._target(scope, receive, send)

    def open(self) -> None:
        """Pass everything on from now."""
        self._target = self._app


async def _starting(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] != "/livez":
        raise Starting
    await JSONResponse(_ALIVE)(scope, receive, send)


def run(app: FastAPI, settings: ServiceSettings, on_stopping: Callable[[], None]) -> None:
    """Serve the application and end the process: with 0 after SIGTERM or SIGINT, with 1 if it couldn't start or stop.

    `on_stopping` is called once when the signal comes, to turn `/readyz` to 503. At the end the process exits at once,
    though threads of the server may still hold connections whose callers never read.
    """

    async def life() -> NoReturn:
        code = await _exit_code(app, settings, on_stopping)
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        # Here and not after the loop, which would first cancel what is still under way and wait for threads.
        os._exit(code)

    uvloop.run(life())


async def _exit_code(app: FastAPI, settings: ServiceSettings, on_stopping: Callable[[], None]) -> int:
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, asked.set)
    try:
        listener = listen(settings.host, settings.port, write_seconds=settings.write_seconds)
    except OSError as error:
        log.error("listening_failed", port=settings.port, reason=os.strerror(error.errno or 0))  # noqa: TRY400  the reason is enough
        return 1
    gate = StartGate(app)
    server = EmbeddedServer(gate, listener, settings)
    serving = loop.create_task(server.serve())
    try:
        async with app.router.lifespan_context(app):
            gate.open()
            await asyncio.wait({serving, loop.create_task(asked.wait())}, return_when=asyncio.FIRST_COMPLETED)
            on_stopping()
            await _drained(server, serving, settings)
    except Exception:
        log.exception("serving_failed")
        return 1
    return 0 if asked.is_set() else 1


async def _drained(server: EmbeddedServer, serving: "asyncio.Task[None]", settings: ServiceSettings) -> None:
    """Go on serving for the drain time; then take no more connections, and wait for the requests under way."""
    if not serving.done():
        await asyncio.sleep(settings.drain)  # noqa: TID251  proxies look at readiness at times of their own
        server.stop()
        _, unfinished = await asyncio.wait({serving}, timeout=settings.stop_seconds)
        if unfinished:
            log.warning("connections_cut", seconds=settings.stop_seconds)
