"""All parts of one platform: started in the order they need each other, watched, and stopped the other way round."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from townhall.chassis.retrying import sleep
from townhall.embedded import CannotStart
from townhall.embedded.issuer import AUDIENCE, Issuer
from townhall_local.names import SERVICES
from townhall_local.running import Running
from townhall_local.trouble import Trouble
from townhall_local.up.data_directory import DataDirectory
from townhall_local.up.infrastructure import Infrastructure
from townhall_local.up.issuing import JWKS, issuing
from townhall_local.up.ports import places
from townhall_local.up.services import Services

_LOOK_EVERY: Final = 0.2
_SESSION_MS: Final = {"tansu": "3000", "kafka": "6000"}
"""How long a service may be silent on the bus. Tansu makes a joining one wait for half of it."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the person at the terminal asked for."""

    data_dir: Path
    base_port: int = 0
    broker: str = "tansu"


@asynccontextmanager
async def platform(wanted: Wanted, tell: Tell) -> AsyncIterator[Running]:
    """Run the platform for the length of the block. Only on the main thread: its processes end with their thread."""
    data_dir_store, ports = DataDirectory(wanted.data_dir), places(wanted.base_port)
    try:
        with data_dir_store.held():
            infrastructure = Infrastructure(data_dir_store, wanted.broker)
            try:
                async with issuing(data_dir_store.signing_key(), ports.issuer) as issuer:
                    await infrastructure.start()
                    settings = {
                        service: _settings(service, data_dir_store, infrastructure, issuer) for service in SERVICES
                    }
                    services = Services(ports.services, settings, data_dir_store.logs)
                    async with _at_work(_Platform(data_dir_store, infrastructure, services, issuer, tell)) as running:
                        yield running
            finally:
                infrastructure.stop()
    except CannotStart as fault:
        raise Trouble(str(fault)) from fault


@dataclass(frozen=True, slots=True)
class _Platform:
    data_dir_store: DataDirectory
    infrastructure: Infrastructure
    services: Services
    issuer: Issuer
    tell: Tell

    def tell_addresses(self) -> Running:
        """Write where everything is to where other commands look for it."""
        running = Running(
            services=self.services.addresses,
            kafka=self.infrastructure.broker.address,
            databases=self.infrastructure.urls,
            issuer=self.issuer.url,
        )
        running.write(self.data_dir_store.directory)
        return running

    async def watch(self) -> None:
        """Start again what ends by itself, for ever."""
        while True:
            await sleep(_LOOK_EVERY)
            if not self.infrastructure.postgres.running:
                self.tell("PostgreSQL ended; it starts again")
                self.infrastructure.postgres.start()
            if not self.infrastructure.broker.running:
                await self._replace_broker()
            if self.services.revive(self.tell):
                self.tell_addresses()

    async def _replace_broker(self) -> None:
        """A broker that forgot everything must not meet consumers that remember: the services start anew with it."""
        self.tell("the broker ended; it and the services start again")
        await self.services.stop()
        self.infrastructure.broker.start()
        await self.infrastructure.furnish_broker()
        await self.services.start()
        self.tell_addresses()


@asynccontextmanager
async def _at_work(platform: _Platform) -> AsyncIterator[Running]:
    try:
        await platform.services.start()
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(platform.watch())
            yield platform.tell_addresses()
            watch.cancel()
    except* (Trouble, CannotStart) as faults:
        raise Trouble(str(faults.exceptions[0])) from faults
    finally:
        await platform.services.stop()


def _settings(
    service: str, data_dir_store: DataDirectory, infrastructure: Infrastructure, issuer: Issuer
) -> Mapping[str, str]:
    """Return what a service is told from outside."""
    told = {
        "ENVIRONMENT": "local",
        "DATABASE_URL": infrastructure.urls[service],
        "KAFKA_SERVERS": infrastructure.broker.address,
        "KAFKA_SESSION_TIMEOUT_MS": _SESSION_MS[infrastructure.kind],
        "ISSUER": issuer.url,
        "AUDIENCE": AUDIENCE,
        "JWKS_URL": f"{issuer.url}{JWKS}",
        "PERSON_KEY": data_dir_store.secret(f"{service}-person"),
    }
    return told | ({"MASTER_KEY": data_dir_store.secret("voting-master")} if service == "voting" else {})
