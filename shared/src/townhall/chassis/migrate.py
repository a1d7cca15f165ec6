"""Migrations: Alembic, one service at a time, in one transaction, under a lock."""

from importlib import resources
from pathlib import Path
from typing import Final

from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, text

from townhall.chassis.database_url import DatabaseUrl

LOCK: Final = 7_264_002
"""The advisory lock that makes migrations wait for each other."""


async def upgrade(url: DatabaseUrl | str, package: str) -> str | None:
    """Bring the database to the newest revision of a service's `migrations`, and return that revision.

    Changes nothing when the database is there already.
    """
    engine = DatabaseUrl.parse(url).engine({})
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            return await connection.run_sync(_upgrade, package)
    finally:
        await engine.dispose()


def environment(metadata: MetaData) -> None:
    """Run migrations on the connection `upgrade` holds; the whole of a service's `env.py`."""
    context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
    context.run_migrations()


def _upgrade(connection: Connection, package: str) -> str | None:
    config = _config(package)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return MigrationContext.configure(connection).get_current_revision()


def _config(package: str) -> Config:
    config = Config()
    with resources.as_file(resources.files(package).joinpath("migrations")) as folder:
        config.set_main_option("script_location", str(Path(folder)).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
