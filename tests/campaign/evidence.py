"""Everything the checker judges by: the tables of all services, and the topics."""

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
_NOT_FACT: Final = {"sent_at"}

HEARS: Final[Mapping[str, frozenset[str]]] = {
    "proposal": frozenset(kind.TYPE for kind in CATALOGUE.values() if kind.KEY == "task_id"),
    "voting": frozenset({"proposal.task-selected.v1"}),
    "committee": frozenset({"voting.threshold-reached.v1", "proposal.task-referred.v1"}),
    "evaluation": frozenset({"committee.directive-issued.v1"}),
}
"""What each service must act on, as the process demands it."""
LISTENS: Final = {
    "proposal": frozenset(TOPICS),
    "voting": frozenset({"townhall.proposal.v1"}),
    "committee": frozenset({"townhall.voting.v1", "townhall.proposal.v1"}),
    "evaluation": frozenset({"townhall.committee.v1"}),
}


@dataclass(frozen=True, slots=True)
class Announced:
    """A row of an outbox that is an event."""

    source: str
    event_id: Any
    type: str
    key: str
    version: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The platform at one moment."""

    tables: Mapping[str, Tables]
    records: list[Record]
    junk: set[tuple[str, int, int]] = field(default_factory=set)

    def rows(self, service: str, table: str) -> Rows:
        """Return a table."""
        return self.tables[service][table]

    def announced(self, *types: str) -> list[Announced]:
        """Return the events of these types, or of all, from every outbox, in its order."""
        found = [
            _announced(service, row)
            for service, tables in self.tables.items()
            for row in sorted(tables["outbox"], key=lambda row: int(row["id"]))
            if row["topic"] in TOPICS
        ]
        return [each for each in found if not types or each.type in types]

    @property
    def sound(self) -> list[Record]:
        """What is on the topics without the junk that was put there."""
        return [record for record in self.records if record.place not in self.junk]


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
    return [dict(row) for row in await connection.fetch(f'SELECT * FROM "{table}"')]  # noqa: S608  a name PostgreSQL gave


async def gathered(urls: Mapping[str, str], servers: str, junk: set[tuple[str, int, int]]) -> Evidence:
    """Read everything."""
    return Evidence({service: await tables_of(url) for service, url in urls.items()}, await read_topics(servers), junk)


async def state_hash(urls: Mapping[str, str]) -> dict[str, str]:
    """Return a hash for each table of each service: of what is known, not of when it was sent."""
    found: dict[str, str] = {}
    for service, url in urls.items():
        for table, rows in (await tables_of(url)).items():
            if table not in _NOT_STATE:
                lines = sorted(repr([(k, v) for k, v in row.items() if k not in _NOT_FACT]) for row in rows)
                found[f"{service}.{table}"] = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return found
