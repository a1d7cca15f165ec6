"""The evidence of the checker: the tables of all services, and the topics."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg

from tests.campaign.topics import Record, read_topics
from townhall.contracts import CATALOGUE, TOPICS
from townhall.embedded.databases import connected

Rows = list[dict[str, Any]]
Tables = Mapping[str, Rows]

_TABLES: Final = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
_NOT_STATE: Final = {"alembic_version", "incarnation", "receipt"}
_VOLATILE: Final = {"sent_at"}

CONSUMES: Final[Mapping[str, frozenset[str]]] = {
    "proposal": frozenset(kind.TYPE for kind in CATALOGUE.values() if kind.KEY == "task_id"),
    "voting": frozenset({"proposal.task-selected.v1"}),
    "committee": frozenset({"voting.threshold-reached.v1", "proposal.task-referred.v1"}),
    "evaluation": frozenset({"committee.directive-issued.v1"}),
}
"""The events each service must act on, as the process demands."""
SUBSCRIBES: Final = {
    "proposal": frozenset(TOPICS),
    "voting": frozenset({"townhall.proposal.v1"}),
    "committee": frozenset({"townhall.voting.v1", "townhall.proposal.v1"}),
    "evaluation": frozenset({"townhall.committee.v1"}),
}


@dataclass(frozen=True, slots=True)
class Announced:
    """An event in an outbox."""

    source: str
    event_id: Any
    type: str
    key: str
    version: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The state of the platform at one moment."""

    tables: Mapping[str, Tables]
    records: list[Record]
    poison: set[tuple[str, int, int]] = field(default_factory=set)
    """The positions of poison messages."""

    def rows(self, service: str, table: str) -> Rows:
        """Return the rows of a table."""
        return self.tables[service][table]

    def announced(self, *types: str) -> list[Announced]:
        """Return the events of these types, or all, of every outbox in its order."""
        found = [
            _announced(service, row)
            for service, tables in self.tables.items()
            for row in sorted(tables["outbox"], key=lambda row: int(row["id"]))
            if row["topic"] in TOPICS
        ]
        return [each for each in found if not types or each.type in types]

    @property
    def events(self) -> list[Record]:
        """The records of the topics without the poison messages."""
        return [record for record in self.records if record.position not in self.poison]


def _announced(service: str, row: dict[str, Any]) -> Announced:
    headers = json.loads(row["headers"])
    return Announced(
        service,
        row["event_id"],
        headers["ce_type"],
        row["key"],
        int(headers["ce_sequence"]),
        json.loads(row["payload"]),
    )


async def tables_of(url: str) -> Tables:
    """Read every table of a database from one snapshot."""
    async with connected(url) as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        names = [row["tablename"] for row in await connection.fetch(_TABLES)]
        return {name: await _rows(connection, name) for name in names}


async def _rows(connection: "asyncpg.Connection[asyncpg.Record]", table: str) -> Rows:
    return [dict(row) for row in await connection.fetch(f'SELECT * FROM "{table}"')]  # noqa: S608  a name from pg_tables


async def gathered(urls: Mapping[str, str], servers: str, poison: set[tuple[str, int, int]]) -> Evidence:
    """Read all tables and topics."""
    return Evidence(
        {service: await tables_of(url) for service, url in urls.items()}, await read_topics(servers), poison
    )


async def state_hash(urls: Mapping[str, str]) -> dict[str, str]:
    """Return a hash of each table of each service, without columns that a replay or refill may change."""
    found: dict[str, str] = {}
    for service, url in urls.items():
        for table, rows in (await tables_of(url)).items():
            if table not in _NOT_STATE:
                lines = sorted(repr([(k, v) for k, v in row.items() if k not in _VOLATILE]) for row in rows)
                found[f"{service}.{table}"] = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return found
