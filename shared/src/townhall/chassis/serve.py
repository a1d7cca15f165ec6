"""One service as a process: its HTTP application, and relay, consumer and timers as background tasks beside it."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from townhall.chassis import asyncapi, auth, health, http
from townhall.chassis.background import BackgroundTask, Resource, Timer, running
from townhall.chassis.broker import Bus
from townhall.chassis.consuming import Consumer, Processor, Requeue, Subscription
from townhall.chassis.consuming.status import StopReason
from townhall.chassis.db import Database
from townhall.chassis.event_schemas import schema_router
from townhall.chassis.http import idempotency, server
from townhall.chassis.http.application import Application, FastPath
from townhall.chassis.outbox.relay import Relay
from townhall.chassis.settings import ServiceSettings
from townhall.chassis.state import provide, state_of
from townhall.chassis.telemetry import gauges, metrics, tracers
from townhall.contracts import Event

_FORGET = Timer("forget_receipts", seconds=60, act=idempotency.forget)

log = get_logger()

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
    resources: Sequence[Resource] = ()
    fast_path: FastPath | None = None
    """Answers some requests without the framework."""


def bus_of(settings: ServiceSettings) -> Bus:
    """Return the bus the settings describe."""
    return Bus(
        settings.kafka_servers,
        settings.topic_prefix,
        session_timeout_ms=settings.kafka_session_timeout_ms,
        security=settings.security,
    )


def database_of(settings: ServiceSettings, name: str) -> Database:
    """Return the database the settings describe."""
    pooled = settings.database_pooler == "transaction"
    return Database(
        settings.database_url,
        source=name,
        public_url=settings.base_url,
        session_url=settings.session_url,
        pooled=pooled,
    )


def assemble(service: Service) -> FastAPI:
    """Put a service together. Nothing is opened before the application starts."""
    db = database_of(service.settings, service.name)
    app = Application(
        service.settings,
        service.fast_path,
        title=service.title,
        version=http.API_VERSION,
        lifespan=partial(_lifespan, service, db),
    )
    for value in (db, service, auth.keys_of(service.settings), auth.persons_of(service.settings)):
        provide(app, value)
    documents = (_documents(service), schema_router(service.announces, service.settings.base_url))
    for router in (*service.routers, http.docs.router, health.router, metrics.router, *documents):
        app.include_router(router)
    return app


@asynccontextmanager
async def _lifespan(service: Service, db: Database, app: FastAPI) -> AsyncIterator[None]:
    bus = bus_of(service.settings)
    relay = Relay(db.session_url, bus)
    processor = Processor(db, service.subscriptions)
    consumer = Consumer(bus, db, service.subscriptions, processor) if service.subscriptions else None
    state = health.Health(service.name, db, _details(relay, consumer))
    provide(app, state)
    tasks: dict[str, BackgroundTask] = {
        "relay": relay.run,
        "gauges": partial(gauges.watch, db),
        "requeue": Requeue(db, processor).run,
        "issuer_keys": state_of(app, auth.Keys).run,
    }
    if consumer is not None:
        tasks["consumer"] = consumer.run
    tasks |= {timer.name: partial(timer.run, db) for timer in (*service.timers, _FORGET)}
    package_version = version(f"townhall-{service.name}")
    metrics.describe_build(service.name, package_version)
    async with at_hand(app), running(tasks):
        log.info("service_started", port=service.settings.port, version=package_version)
        yield
        state.stopping = True
    await asyncio.to_thread(tracers.flush)
    log.info("service_stopped")


def _details(relay: Relay, consumer: Consumer | None) -> health.Details:
    """Return what `/readyz` shows beside its checks. Add to it what an operator wants to see there."""
    details: dict[str, Callable[[], object]] = {
        "relay_leading": lambda: relay.leading,
        "relay_broker": lambda: relay.access.cause or "ok",
    }
    if consumer is not None:
        details |= {
            "consumer_joined": lambda: not consumer.status.stopped_by(StopReason.NOT_JOINED),
            "consumer_assigned": lambda: consumer.assigned,
            "consuming": lambda: consumer.status.consuming,
            "consumer_broker": lambda: consumer.access.cause or "ok",
        }
    return details


@asynccontextmanager
async def at_hand(app: FastAPI) -> AsyncIterator[None]:
    """Open what routes need and no background tasks; close it and the database afterwards."""
    db = state_of(app, Database)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(db.close)
        for resource in state_of(app, Service).resources:
            provide(app, await stack.enter_async_context(resource(db)))
        with suppress(SQLAlchemyError, OSError):  # Without a database it is checked with the first act.
            await state_of(app, auth.Persons).check(db)
        # Else the first requests would all wait for the issuer's keys.
        await state_of(app, auth.Keys).refresh()
        yield


def _documents(service: Service) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    consumes = [kind for each in service.subscriptions for kind in each.consumes]
    document = cache(lambda: asyncapi.document(service.name, service.announces, consumes))  # made at the first request
    router.add_api_route("/asyncapi.json", document)
    return router


def serve(build: Callable[[Any], FastAPI], settings: ServiceSettings) -> None:
    """Build the application and serve it until SIGTERM or SIGINT, then end the process."""
    app = build(settings)
    # Freeze imported objects, so that full collections don't pause requests (up to 100 ms).
    gc.freeze()

    def stopping() -> None:
        log.info("service_stopping")
        state_of(app, health.Health).stopping = True

    server.run(app, settings, stopping)
