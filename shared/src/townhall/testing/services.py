"""The service fixtures: an application without a broker, or a complete service, in the test's process."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from townhall.chassis.broker import Bus
from townhall.chassis.db import Database
from townhall.chassis.serve import Service, at_hand
from townhall.chassis.settings import ServiceSettings
from townhall.chassis.state import state_of
from townhall.embedded.issuer import AUDIENCE, Issuer

_KEY = secrets.token_hex(32)
ROTATED: Final[Mapping[str, object]] = {
    "person_key": secrets.token_hex(32),
    "person_key_version": 2,
    "former_person_keys": {1: _KEY},
}
"""Settings after a rotation of the person key: pass them as `**ROTATED`."""
_NO_BROKER = "127.0.0.1:9"

SettingsOf = Callable[..., ServiceSettings]
AppOf = Callable[..., Awaitable[FastAPI]]
ClientOf = Callable[..., Awaitable[AsyncClient]]


@pytest.fixture(scope="session")
def settings_of(issuer: Issuer, jwks_file: Path) -> SettingsOf:
    """A function that returns the settings of the database's service; keyword arguments override the defaults."""

    def make(db: Database, **overrides: object) -> ServiceSettings:
        kind: type[ServiceSettings] = import_module(f"{db.source}.settings").Settings
        keys = {
            name: _KEY for name, field in kind.model_fields.items() if field.is_required() and name.endswith("_key")
        }
        defaults: dict[str, Any] = {
            "environment": "local", "port": 0, "database_url": db.dsn, "kafka_servers": _NO_BROKER,
            "issuer": issuer.url, "audience": AUDIENCE, "jwks_url": str(jwks_file),
        }  # fmt: skip
        return kind(**(keys | defaults | overrides))

    return make


def application(settings: ServiceSettings, service: str) -> FastAPI:
    """Build a service with its own composition root."""
    app: FastAPI = import_module(f"{service}.app").build(settings)
    return app


def client_for(app: FastAPI) -> AsyncClient:
    """Return an in-process client of the application. Unhandled exceptions are raised in the test."""
    return AsyncClient(transport=ASGITransport(app), base_url=f"http://{state_of(app, Service).name}.test")


@pytest_asyncio.fixture(loop_scope="session")
async def app_of(settings_of: SettingsOf) -> AsyncIterator[AppOf]:
    """A function that opens the application of the database's service; it neither publishes nor consumes."""
    async with AsyncExitStack() as stack:

        async def open_app(db: Database, **settings: object) -> FastAPI:
            app = application(settings_of(db, **settings), db.source)
            await stack.enter_async_context(at_hand(app))
            return app

        yield open_app


@pytest_asyncio.fixture(loop_scope="session")
async def client_of(app_of: AppOf) -> AsyncIterator[ClientOf]:
    """A function that returns an HTTP client of such an application."""
    async with AsyncExitStack() as stack:

        async def open_client(db: Database, **settings: object) -> AsyncClient:
            return await stack.enter_async_context(client_for(await app_of(db, **settings)))

        yield open_client


@pytest_asyncio.fixture(loop_scope="session")
async def running(settings_of: SettingsOf, bus: Bus) -> AsyncIterator[Callable[..., Awaitable[FastAPI]]]:
    """A function that runs a complete service on the bus. `client_for` calls it, `settle` waits for all."""
    async with AsyncExitStack() as stack:

        async def run(db: Database, **settings: object) -> FastAPI:
            on_bus = {
                "kafka_servers": bus.servers,
                "topic_prefix": bus.prefix,
                "kafka_session_timeout_ms": bus.session_timeout_ms,
            }
            app = application(settings_of(db, **(on_bus | settings)), db.source)
            await stack.enter_async_context(app.router.lifespan_context(app))
            return app

        yield run
