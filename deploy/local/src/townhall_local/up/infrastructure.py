"""What the services stand on: PostgreSQL with a database for each, and a broker with its topics."""

import asyncio
import os
import sys
from collections.abc import Mapping
from typing import Final

from townhall.embedded import Kafka, Postgres, Tansu, databases
from townhall_local.names import SERVICES
from townhall_local.operating.provisioning import administering, create, desired, mend, plan
from townhall_local.operating.refilling import refill
from townhall_local.trouble import Trouble
from townhall_local.up.data_directory import DataDirectory

BROKERS: Final[Mapping[str, type[Kafka | Tansu]]] = {"tansu": Tansu, "kafka": Kafka}


class Infrastructure:
    """PostgreSQL and the broker of one data directory."""

    def __init__(self, data_dir_store: DataDirectory, broker: str) -> None:
        self._home = data_dir_store
        self.kind = broker
        self.postgres = Postgres(data_dir_store.directory / "postgres", password=data_dir_store.secret("postgres"))
        self.broker: Kafka | Tansu = BROKERS[broker](data_dir_store.directory / broker)
        self.urls: dict[str, str] = {}
        """Each service's database."""

    async def start(self) -> None:
        """Start both, migrate the databases, make the topics, and fill an emptied broker from the outboxes."""
        self.postgres.start()
        for service in SERVICES:
            self.urls[service] = await databases.provide(
                self.postgres.url, service, self._home.secret(f"{service}-database")
            )
        migrating = asyncio.create_task(self._migrate())
        self.broker.start()
        await migrating
        await self.furnish_broker()

    async def furnish_broker(self) -> None:
        """Make the topics that are missing. What a broker can't hold any more, or never held, is announced to it again.

        Readers discard what they know by the id of the event, so announcing too much does no harm.
        """
        async with administering(self.broker.address) as admin:
            todo = await plan(admin, desired())
            if todo.repartitioned:
                raise Trouble(
                    f"{', '.join(todo.repartitioned)} has another number of partitions than the platform needs."
                )
            if todo.missing or self._home.last_broker not in {None, self.kind}:
                # Before the topics are there: whoever is killed in between finds them missing again at the next start.
                await refill(self.urls)
            await create(admin, todo.missing)
            await mend(admin, desired(), todo)
        self._home.remember_broker(self.kind)

    def stop(self) -> None:
        """Stop both, the broker first."""
        self.broker.stop()
        self.postgres.stop()

    async def _migrate(self) -> None:
        env = dict(os.environ) | {f"{service.upper()}_DATABASE_URL": url for service, url in self.urls.items()}
        log = self._home.logs / "migrations.log"
        with log.open("ab") as out:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "townhall_local.up.migrating", *self.urls, env=env, stdout=out, stderr=out
            )
            if await process.wait():
                raise Trouble(f"The databases could not be migrated; see {log}.")
