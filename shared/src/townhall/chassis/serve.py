"""One service as a process: routes in front; relay, consumer and timers beside them; a graceful end."""

import gc
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fastapi import APIRouter, FastAPI

from townhall.chassis import asyncapi, auth, health, http, metrics
from townhall.chassis.broker import Bus
from townhall.chassis.consuming import Consumer, Requeue, Subscription
from townhall.chassis.consuming.decoding import EventDecoder
from townhall.chassis.consuming.processing import Processor
from townhall.chassis.db import Database
from townhall.chassis.gauges import watch
from townhall.chassis.http import idempotency, server
from townhall.chassis.http.application import Application, FastPath
from townhall.chassis.relay import Relay
from townhall.chassis.settings import ServiceSettings
from townhall.chassis.work import Companion, Run, Timer, going_on
from townhall.contracts import Event

_FORGET = Timer("forget_receipts", seconds=60, act=idempotency.forget)

__all__ = ["Service", "Timer", "assemble", "serve"]


@dataclass(frozen=True, slots=True)
class Service:
    """What one service adds to the chassis."""

    name: str
    title: str
    settings: ServiceSettings
    routers: Sequence[APIRouter]
    subscriptions: Sequence[Subscription] = ()
    announces: Sequence[type[Event]] = ()
    timers: Sequence[Timer] = ()
    companions: Sequence[Companion] = ()
    state: Mapping[str, object] = field(default_factory=dict)
    fast_path: FastPath | None = None
    """Answers some requests without the framework."""


def bus_of(settings: ServiceSettings) -> Bus:
    """Return the bus the settings describe."""
    return Bus(settings.kafka_servers, settings.topic_prefix, session_timeout_ms=settings.kafka_session_timeout_ms)


def assemble(service: Service) -> FastAPI:
    """Put a service together. Nothing is opened before the application starts."""
    db = Database(str(service.settings.database_url), source=service.name)
    app = Application(
        service.settings,
        service.fast_path,
        title=service.title,
        version=http.API_VERSION,
        lifespan=partial(_lifespan, service, db),
    )
    app.state.db = db
    app.state.service = service
    app.state.keys = auth.keys_of(service.settings)
    for name, value in service.state.items():
        setattr(app.state, name, value)
    for router in (*service.routers, http.docs.router, health.router, metrics.router, _documents(service)):
        app.include_router(router)
    return app


@asynccontextmanager
async def _lifespan(service: Service, db: Database, app: FastAPI) -> AsyncIterator[None]:
    bus = bus_of(service.settings)
    relay = Relay(db.dsn, bus)
    reader = EventDecoder(service.subscriptions)
    consumer = Consumer(bus, db, service.subscriptions, Processor(db, reader)) if service.subscriptions else None
    app.state.health = state = health.Health(service.name, db, relay, consumer)
    works: dict[str, Run] = {"relay": relay.run, "gauges": partial(watch, db), "requeue": Requeue(db, reader).run}
    if consumer is not None:
        works["consumer"] = consumer.run
    works |= {timer.name: partial(timer.run, db) for timer in (*service.timers, _FORGET)}
    async with at_hand(app), going_on(works):
        yield
        state.stopping = True


@asynccontextmanager
async def at_hand(app: FastAPI) -> AsyncIterator[None]:
    """Open what routes need, and nothing that goes on beside them; close it and the database afterwards."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(app.state.db.close)
        for companion in app.state.service.companions:
            for name, value in (await stack.enter_async_context(companion(app.state.db))).items():
                setattr(app.state, name, value)
        # Or the first crowd would wait for the issuer's keys all at once.
        await app.state.keys.refresh()
        yield


def _documents(service: Service) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    consumes = [kind for each in service.subscriptions for kind in each.consumes]
    document = asyncapi.document(service.name, service.announces, consumes)
    router.add_api_route("/asyncapi.json", lambda: document)
    return router


def serve(build: Callable[[Any], FastAPI], settings: ServiceSettings) -> None:
    """Build the application and serve it until SIGTERM or SIGINT, then end the process."""
    app = build(settings)
    # What was imported stays for good: looked through again and again, it would stop every request for 100 ms at times.
    gc.freeze()

    def stopping() -> None:
        app.state.health.stopping = True

    server.run(app, settings, stopping)
