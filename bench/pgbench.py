"""The throughput of PostgreSQL alone with the statements of one ballot: an upper bound for single transactions."""

import asyncio
import os
import re
from typing import Final

from bench.infrastructure import Infrastructure
from townhall.embedded.binaries import postgres_binaries

_TABLES: Final = """
    CREATE TABLE IF NOT EXISTS bench_vote (task int PRIMARY KEY, open bool NOT NULL);
    CREATE TABLE IF NOT EXISTS bench_current (task int, voter bytea, choice text, PRIMARY KEY (task, voter));
    CREATE TABLE IF NOT EXISTS bench_ballot (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, voter bytea);
    INSERT INTO bench_vote VALUES (1, true) ON CONFLICT DO NOTHING;
"""
_BALLOT: Final = r"""
\set voter random(1, 1000000000)
BEGIN;
SELECT open FROM bench_vote WHERE task = 1 FOR KEY SHARE;
INSERT INTO bench_ballot (voter) VALUES (int8send(:voter));
INSERT INTO bench_current VALUES (1, int8send(:voter), 'yes') ON CONFLICT DO NOTHING;
COMMIT;
"""


async def measure(infrastructure: Infrastructure, seconds: float) -> float:
    """Return transactions per second with 16 clients, without a tally row that would serialise them."""
    script = infrastructure.directory / "ballot.sql"
    script.write_text(_BALLOT)
    await _run("psql", "-q", "-c", _TABLES, infrastructure.postgres.url)
    arguments = [
        "-n",
        "-c",
        "16",
        "-j",
        "1",
        "-T",
        str(max(int(seconds), 1)),
        "-f",
        str(script),
        infrastructure.postgres.url,
    ]
    found = re.search(r"tps = ([0-9.]+)", await _run("pgbench", *arguments))
    return round(float(found.group(1)), 1) if found else 0.0


async def _run(program: str, *arguments: str) -> str:
    binary = postgres_binaries((os.getuid(), os.getgid())) / program
    process = await asyncio.create_subprocess_exec(
        binary, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return out.decode()
