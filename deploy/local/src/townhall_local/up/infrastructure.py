"""The infrastructure of the services: PostgreSQL with a database for each, and a broker with its topics."""

import asyncio
import os
import sys
from collections.abc import Mapping
from typing import Final

from townhall.embedded import Kafka, Postgres, Tansu, databases
from townhall_local.errors import CommandError
from townhall_local.operating.outbox_refill import refill
from townhall_local.operating.provisioning import admin_client, correct_settings, create, desired, plan
from townhall_local.service_names import SERVICES
from townhall_local.up.data_directory import DataDirectory

BROKERS: Final[Mapping[str, type[Kafka | Tansu]]] = {"tansu": Tansu, "kafka": Kafka}


class Infrastructure:
    """PostgreSQL and the broker of one data directory."""

    def __init__(self, data_directory: DataDirectory, broker: str) -> None:
        self._directory = data_directory
        self.kind = broker
        self.postgres = Postgres(data_directory.directory / "postgres", password=data_directory.secret("postgres"))
        self.broker: Kafka | Tansu = BROKERS[broker](data_directory.directory / broker)
        self.urls: dict[str, str] = {}
        """The database URL of each service."""

    async def start(self) -> None:
        """Start both, migrate the databases, create the topics, and refill an empty broker from the outboxes."""
        self.postgres.start()
        for service in SERVICES:
            self.urls[service] = await databases.provide(
                self.postgres.url, service, self._directory.secret(f"{service}-database")
            )
        migrating = asyncio.create_task(self._migrate())
        self.broker.start()
        await migrating
        await self.prepare_broker()

    async def prepare_broker(self) -> None:
        """Create missing topics; if the broker lost its contents or is of another kind than last time, refill it.

        A refill may publish events again: consumers ignore those whose id they know. Raises `CommandError` if a topic
        has the wrong number of partitions.
        """
        async with admin_client(self.broker.address) as admin:
            found = await plan(admin, desired())
            if found.repartitioned:
                raise CommandError(
                    f"{', '.join(found.repartitioned)} has another number of partitions than the platform needs."
                )
            if found.missing or self._directory.last_broker not in {None, self.kind}:
                # Before creating topics: if this process is killed in between, the next start finds them missing.
                await refill(self.urls)
            await create(admin, found.missing)
            await correct_settings(admin, desired(), found)
        self._directory.record_broker(self.kind)

    def stop(self) -> None:
        """Stop the broker, then PostgreSQL."""
        self.broker.stop()
        self.postgres.stop()

    async def _migrate(self) -> None:
        env = dict(os.environ) | {f"{service.upper()}_DATABASE_URL": url for service, url in self.urls.items()}
        log = self._directory.logs / "migrations.log"
        with log.open("ab") as out:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "townhall_local.up.migrate", *self.urls, env=env, stdout=out, stderr=out
            )
            if await process.wait():
                raise CommandError(f"The databases could not be migrated; see {log}.")
