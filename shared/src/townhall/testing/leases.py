"""Test databases that are emptied and used again, which is quicker than copying a template for each test.

A database is discarded instead if a test changed its schema, filled it with much data or left a connection in use.
"""

from dataclasses import dataclass
from typing import Final

import asyncpg

from townhall.chassis.db import Database

_LARGEST: Final = 16_000_000
"""Bytes of tables and indexes above which a database is discarded: deleted rows still take space."""
_TABLES: Final = """
    SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename
"""
_SEQUENCES: Final = """
    SELECT format('SELECT setval(%L, %s, false)', format('%I.%I', schemaname, sequencename), start_value)
    FROM pg_sequences WHERE schemaname = 'public'
"""
_SCHEMA: Final = """
    SELECT (SELECT array[count(*), max(xmin::text::bigint)] FROM pg_class),
           (SELECT array[count(*), max(xmin::text::bigint)] FROM pg_attribute),
           (SELECT array[count(*), max(xmin::text::bigint)] FROM pg_attrdef),
           (SELECT array[count(*), max(xmin::text::bigint)] FROM pg_constraint),
           (SELECT array[count(*), max(xmin::text::bigint)] FROM pg_index),
           (SELECT array[count(*), max(xmin::text::bigint)] FROM pg_trigger),
           (SELECT array[count(*), max(xmin::text::bigint)] FROM pg_proc)
"""
"""Changes with every change of the schema, since each writes or removes rows of these tables."""
_SMALL: Final = """
    SELECT coalesce(sum(pg_total_relation_size(oid)), 0) < $1::bigint FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
"""
_LOCKED: Final = """
    SELECT EXISTS (SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
                   WHERE locktype = 'advisory' AND datname = current_database())
"""


@dataclass(slots=True)
class Lease:
    """A test's use of a database, with the connection of a superuser that empties it."""

    db: Database
    url: str
    _superuser: "asyncpg.Connection[asyncpg.Record] | None"
    _reset: str = ""
    _schema: asyncpg.Record | None = None

    @classmethod
    async def on(cls, db: Database, url: str, superuser_url: str) -> "Lease":
        """Return the first lease of a new database, whose present contents each later lease begins with."""
        superuser = await asyncpg.connect(superuser_url, timeout=10)
        # Without triggers and foreign keys: tables are emptied in any order, and those that only grow as well.
        await superuser.execute("SET session_replication_role = replica; SET lock_timeout = '2s'")
        reset = await _reset_statements(superuser)
        return cls(db, url, superuser, reset, await superuser.fetchrow(_SCHEMA))

    async def renew(self) -> bool:
        """Restore the first contents for another test; return whether that was possible."""
        if self._superuser is None or await self._used(self._superuser):
            return False
        try:
            await self._superuser.execute(self._reset)
        except asyncpg.LockNotAvailableError:  # something of the last test is still under way
            return False
        return True

    async def _used(self, superuser: "asyncpg.Connection[asyncpg.Record]") -> bool:
        """Return whether the last test left more than rows behind."""
        return (
            self.db.engine.sync_engine.pool.checkedout() > 0  # type: ignore[attr-defined]  # of a pool with a size
            or await superuser.fetchrow(_SCHEMA) != self._schema
            or not await superuser.fetchval(_SMALL, _LARGEST)
            or await superuser.fetchval(_LOCKED)
        )

    async def close(self) -> None:
        """Close all connections."""
        await self.db.close()
        if self._superuser:
            await self._superuser.close()


async def _reset_statements(superuser: "asyncpg.Connection[asyncpg.Record]") -> str:
    """Return SQL that empties all tables, restarts the sequences, and restores the rows that are there now."""
    tables = [row[0] for row in await superuser.fetch(_TABLES)]
    statements = [f"DELETE FROM {table}" for table in tables]  # noqa: S608  tables of ours
    statements += [row[0] for row in await superuser.fetch(_SEQUENCES)]
    for number, table in enumerate(tables):
        if await superuser.fetchval(f"SELECT EXISTS (SELECT FROM {table})"):  # noqa: S608  tables of ours
            first = f"pg_temp.first_{number}"
            await superuser.execute(f"CREATE TEMP TABLE first_{number} AS TABLE {table}")
            statements.append(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE {first}")
    return "; ".join(statements)
