"""G17: after a run with known voters, nothing outside voting's database identifies a voter or a single choice."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiokafka import AIOKafkaConsumer

from tests.journeys.processes import PlatformProcesses, open_vote, run_platform, vote, wait_until
from townhall.contracts import TOPICS
from townhall_local.client.users import PlatformClient
from townhall_local.service_names import SERVICES

pytestmark = [pytest.mark.broker, pytest.mark.process, pytest.mark.xdist_group("secrecy")]

VOTERS = [f"canary-{number:03d}-김유권" for number in range(30)]
VOTER_KEYS = "SELECT encode(voter, 'hex') AS name FROM current_ballot"
TABLES = """
    SELECT string_agg(format('(SELECT coalesce(string_agg(t::text, chr(10)), '''') FROM %I t)', table_name), ' || ')
    FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
"""


@pytest.fixture
async def contents(tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """All data and output of the platform, by source, after thirty known voters have voted."""
    with run_platform(tmp_path / "data") as platform:
        async with platform.client() as client:
            errors = await cast_ballots(client)
            found = {"errors": errors, "topics": await topics(platform), "metrics": await metrics(platform)}
        for service in SERVICES:
            ((tables,),) = await platform.rows(service, TABLES)
            ((found[f"{service} database"],),) = await platform.rows(service, f"SELECT {tables}")
        found["voters"] = " ".join(row.name for row in await platform.rows("voting", VOTER_KEYS))
        await platform.close()
        found["logs"] = "".join(file.read_text(errors="replace") for file in _logs(platform.data_dir))
        yield found


def _logs(directory: Path) -> list[Path]:
    return [*directory.glob("logs/*.log"), *directory.glob("postgres/*.log"), directory / "up.log"]


async def cast_ballots(client: PlatformClient) -> str:
    """Cast, repeat, change and refuse ballots; return the texts of the refusals."""
    task_id = await open_vote(client, "비밀 투표", more_than=20)
    answers = await asyncio.gather(
        *(vote(client, task_id, name, ("yes", "no")[n % 5 == 0]) for n, name in enumerate(VOTERS))
    )
    assert all(isinstance(answer, dict) for answer in answers)
    refusals = [await vote(client, task_id, VOTERS[0], "\ud800maybe"), await vote(client, "0" * 36, VOTERS[1])]
    await client.user("citizen", VOTERS[2]).put("voting", f"/votes/{task_id}/ballot", {"choice": "no"})
    await wait_until(lambda: _has_case(client, task_id))
    return "\n".join(str(refusal) for refusal in refusals)


async def _has_case(client: PlatformClient, task_id: str) -> bool:
    return bool((await client.api.get("committee", "/cases", task_id=task_id))["items"])


async def topics(platform: PlatformProcesses) -> str:
    """Read every topic from its beginning: keys, headers and bodies."""
    consumer = AIOKafkaConsumer(*TOPICS, bootstrap_servers=platform.running.kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        read: list[str] = []
        while batch := await consumer.getmany(timeout_ms=2000):
            read += [f"{record.key} {record.headers} {record.value}" for part in batch.values() for record in part]
    finally:
        await consumer.stop()
    assert len(read) > 3
    return "\n".join(read)


async def metrics(platform: PlatformProcesses) -> str:
    """Read the metrics of all services."""
    async with aiohttp.ClientSession() as http:
        pages = [await (await http.get(f"{url}/metrics")).text() for url in platform.running.urls.values()]
    return "".join(pages)


async def test_no_voter_and_no_choice_is_found_outside_voting(contents: dict[str, str]) -> None:
    """No subject of a voter anywhere, and no keyed hash of one outside voting's database."""
    for source, text in contents.items():
        assert "canary" not in text, source
        assert "김유권" not in text, source
    hashes = contents["voters"].split()
    assert len(set(hashes)) == len(VOTERS)
    assert all(each in contents["voting database"] for each in hashes)
    for source in set(contents) - {"voting database", "voters"}:
        assert not any(each in contents[source].lower() for each in hashes), source


async def test_no_single_choice_is_found_outside_voting(contents: dict[str, str]) -> None:
    """Outside voting's database choices appear only as the names of totals."""
    for source in ("topics", "logs", "committee database", "evaluation database", "proposal database"):
        assert not re.search(r'choice["\\]*\s*[:=]', contents[source]), source
