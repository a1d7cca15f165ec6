"""The processes of one platform: started in the order of their dependencies, supervised, stopped in reverse."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from townhall.chassis.retrying import sleep
from townhall.embedded import CannotStart
from townhall.embedded.issuer import AUDIENCE, Issuer
from townhall_local.errors import CommandError
from townhall_local.running_platform import RunningPlatform
from townhall_local.service_names import SERVICES
from townhall_local.up.data_directory import DataDirectory
from townhall_local.up.infrastructure import Infrastructure
from townhall_local.up.issuer_server import JWKS, serve_issuer
from townhall_local.up.ports import ports_from
from townhall_local.up.services import Services

_CHECK_EVERY: Final = 0.2
_SESSION_MS: Final = {"tansu": "3000", "kafka": "6000"}
"""Session timeout of the consumers. Tansu delays a joining consumer by half of it."""

Notify = Callable[[str], None]
"""Called with one sentence for the user, when a process ended and is restarted."""


@dataclass(frozen=True, slots=True)
class PlatformOptions:
    """The options of `townhall up`."""

    data_dir: Path
    base_port: int = 0
    broker: str = "tansu"


@asynccontextmanager
async def platform(options: PlatformOptions, notify: Notify) -> AsyncIterator[RunningPlatform]:
    """Run the platform while the block runs; raises `CommandError` if it can't start.

    Call it on the main thread: the kernel ends the child processes when the thread that started them ends.
    """
    data_directory = DataDirectory(options.data_dir)
    data_directory.require_unlocked()
    ports = ports_from(options.base_port)
    try:
        with data_directory.locked():
            infrastructure = Infrastructure(data_directory, options.broker)
            try:
                async with serve_issuer(data_directory.signing_key(), ports.issuer) as issuer:
                    await infrastructure.start()
                    settings = {
                        service: _settings(service, data_directory, infrastructure, issuer) for service in SERVICES
                    }
                    services = Services(ports.services, settings, data_directory.logs)
                    async with _started(_Platform(data_directory, infrastructure, services, issuer, notify)) as running:
                        yield running
            finally:
                infrastructure.stop()
    except CannotStart as error:
        raise CommandError(str(error)) from error


@dataclass(frozen=True, slots=True)
class _Platform:
    data_directory: DataDirectory
    infrastructure: Infrastructure
    services: Services
    issuer: Issuer
    notify: Notify

    def write_addresses(self) -> RunningPlatform:
        """Write the current addresses to `townhall.json`, where other commands read them."""
        running = RunningPlatform(
            services=self.services.addresses,
            kafka=self.infrastructure.broker.address,
            databases=self.infrastructure.urls,
            issuer=self.issuer.url,
        )
        running.write(self.data_directory.directory)
        return running

    async def watch(self) -> None:
        """Restart processes that end unexpectedly, until cancelled."""
        while True:
            await sleep(_CHECK_EVERY)
            if not self.infrastructure.postgres.running:
                self.notify("PostgreSQL ended; restarting it")
                self.infrastructure.postgres.start()
            if not self.infrastructure.broker.running:
                await self._replace_broker()
            if self.services.restart_ended(self.notify):
                self.write_addresses()

    async def _replace_broker(self) -> None:
        """Restart broker and services: running consumers would keep offsets that an emptied broker doesn't have."""
        self.notify("The broker ended; restarting it and the services")
        await self.services.stop()
        self.infrastructure.broker.start()
        await self.infrastructure.prepare_broker()
        await self.services.start()
        self.write_addresses()


@asynccontextmanager
async def _started(platform: _Platform) -> AsyncIterator[RunningPlatform]:
    try:
        await platform.services.start()
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(platform.watch())
            yield platform.write_addresses()
            watch.cancel()
    except* (CommandError, CannotStart) as errors:
        raise CommandError(str(errors.exceptions[0])) from errors
    finally:
        await platform.services.stop()


def _settings(
    service: str, data_directory: DataDirectory, infrastructure: Infrastructure, issuer: Issuer
) -> Mapping[str, str]:
    """Return the settings of one service, without the prefix of their variables."""
    settings = {
        "ENVIRONMENT": "local",
        "DATABASE_URL": infrastructure.urls[service],
        "KAFKA_SERVERS": infrastructure.broker.address,
        "KAFKA_SESSION_TIMEOUT_MS": _SESSION_MS[infrastructure.kind],
        "ISSUER": issuer.url,
        "AUDIENCE": AUDIENCE,
        "JWKS_URL": f"{issuer.url}{JWKS}",
        "PERSON_KEY": data_directory.secret(f"{service}-person"),
    }
    return settings | ({"MASTER_KEY": data_directory.secret("voting-master")} if service == "voting" else {})
