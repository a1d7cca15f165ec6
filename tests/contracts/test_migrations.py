"""The migrations of each service make exactly the tables its code declares: columns, types, keys, constraints, indexes.

Left out are the tables of `townhall.chassis.tables` and Alembic's own, which are written in SQL and have no models, and
foreign keys to them (a vote's to its `rule`).
"""

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, MetaData, inspect, text

from tests.contracts.assembled_services import NAMES
from townhall.chassis.db import Database
from townhall.testing.databases import CHASSIS, DatabaseOf

TABLES: Final = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
ALEMBIC: Final = "alembic_version"


def declared(service: str) -> MetaData:
    """Return the tables a service's code declares, in whichever module of its store."""
    for module in iter_modules(import_module(f"{service}.store").__path__, f"{service}.store."):
        import_module(module.name)
    metadata: MetaData = import_module(f"{service}.store.tables").Row.metadata
    return metadata


def type_differs(_context: object, _column: object, _declared: object, made: object, declared: object) -> bool | None:
    """Take `text` and `varchar` without a length for the same, as PostgreSQL does; leave the rest to Alembic."""
    return str(made) not in {"TEXT", "VARCHAR"} if str(declared) == "VARCHAR" else None


def missing_checks(connection: Connection, models: MetaData) -> list[Any]:
    """Return the CHECK constraints of the models that the database lacks; Alembic compares none. SQL may have more."""
    there, ours = inspect(connection), models.tables.values()
    made = {(table.name, check["name"]) for table in ours for check in there.get_check_constraints(table.name)}
    named = {
        (table.name, rule.name) for table in ours for rule in table.constraints if isinstance(rule, CheckConstraint)
    }
    return [("add_check", *each) for each in sorted(named - made, key=str)]


def differences(service: str, left_out: set[str]) -> Callable[[Connection], list[Any]]:
    """Return what finds the differences between a service's models and the database it is connected to."""

    def compare(connection: Connection) -> list[Any]:
        def has_model(compared: Any, name: str | None, kind: str, *_more: object) -> bool:  # noqa: ANN401  a schema item
            return (compared.referred_table.name if kind == "foreign_key_constraint" else name) not in left_out

        options = {"compare_type": type_differs, "compare_server_default": True, "include_object": has_model}
        models = declared(service)
        reported = compare_metadata(MigrationContext.configure(connection, opts=options), models)
        each_alone = [each for one in reported for each in (one if isinstance(one, list) else [one])]
        return each_alone + missing_checks(connection, models)

    return compare


async def tables_of(db: Database) -> set[str]:
    """Return the names of a database's tables."""
    async with db.reading() as session:
        return set((await session.execute(TABLES)).scalars())


async def found(service: str, database_of: DatabaseOf, *changes: str) -> list[Any]:
    """Migrate a fresh database, make these changes to it, and compare it with the service's models."""
    left_out = await tables_of(await database_of(CHASSIS)) | {ALEMBIC}
    db = await database_of(service)
    async with db.engine.connect() as connection:
        for change in changes:
            await connection.execute(text(change))
        return await connection.run_sync(differences(service, left_out))


@pytest.mark.parametrize("service", NAMES)
async def test_migrations_make_the_declared_tables(service: str, database_of: DatabaseOf) -> None:
    """A model changed without a migration, or the other way round, fails here."""
    assert await found(service, database_of) == []


@pytest.mark.parametrize("service", NAMES)
async def test_a_table_without_a_model_is_reported(service: str, database_of: DatabaseOf) -> None:
    """Only the chassis' tables may be there without a model."""
    reported = await found(service, database_of, "CREATE TABLE stray (id int)")
    assert [difference[0] for difference in reported] == ["remove_table"]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("ALTER TABLE tally ALTER yes TYPE bigint", "modify_type"),
        ("ALTER TABLE vote ALTER title TYPE varchar(99)", "modify_type"),
        ("ALTER TABLE vote ALTER title DROP NOT NULL", "modify_nullable"),
        ("ALTER TABLE vote ALTER title SET DEFAULT 'untitled'", "modify_default"),
        ("ALTER TABLE vote DROP COLUMN rule_article", "add_column"),
        ("ALTER TABLE vote ADD COLUMN stray int", "remove_column"),
        ("DROP INDEX vote_by_time", "add_index"),
        ("ALTER TABLE tally DROP CONSTRAINT tally_task_id_fkey", "add_fk"),
        ("ALTER TABLE tally DROP CONSTRAINT v6_totals_not_negative", "add_check"),
    ],
)
async def test_a_planted_difference_is_reported(change: str, kind: str, database_of: DatabaseOf) -> None:
    """Each kind of difference is found in a database that was changed by hand."""
    reported = await found("voting", database_of, change)
    assert [each[0] for each in reported] == [kind]
