"""G17: after a run with known voters, nothing outside voting's database tells who voted, let alone how."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiokafka import AIOKafkaConsumer

from tests.journeys.processes import Processes, open_vote, until, up, vote
from townhall.contracts import TOPICS
from townhall_local.client.people import Platform
from townhall_local.names import SERVICES

pytestmark = [pytest.mark.broker, pytest.mark.process, pytest.mark.xdist_group("secrecy")]

VOTERS = [f"canary-{number:03d}-김유권" for number in range(30)]
VOTER_KEYS = "SELECT encode(voter, 'hex') AS name FROM current_ballot"
TABLES = """
    SELECT string_agg(format('(SELECT coalesce(string_agg(t::text, chr(10)), '''') FROM %I t)', table_name), ' || ')
    FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
"""


@pytest.fixture
async def told(tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """Everything the platform holds and title, by place, after thirty known voters have voted."""
    with up(tmp_path / "data") as platform:
        async with platform.people() as people:
            errors = await run(people)
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


async def run(people: Platform) -> str:
    """Vote, repeat, change, and be refused; return what the refusals said."""
    task_id = await open_vote(people, "비밀 투표", more_than=20)
    answers = await asyncio.gather(
        *(vote(people, task_id, name, ("yes", "no")[n % 5 == 0]) for n, name in enumerate(VOTERS))
    )
    assert all(isinstance(answer, dict) for answer in answers)
    refusals = [await vote(people, task_id, VOTERS[0], "\ud800maybe"), await vote(people, "0" * 36, VOTERS[1])]
    await people.person("citizen", VOTERS[2]).put("voting", f"/votes/{task_id}/ballot", {"choice": "no"})
    await until(lambda: _has_case(people, task_id))
    return "\n".join(str(refusal) for refusal in refusals)


async def _has_case(people: Platform, task_id: str) -> bool:
    return bool((await people.api.get("committee", "/cases", task_id=task_id))["items"])


async def topics(platform: Processes) -> str:
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


async def metrics(platform: Processes) -> str:
    """Read the metrics of all services."""
    async with aiohttp.ClientSession() as http:
        pages = [await (await http.get(f"{url}/metrics")).text() for url in platform.running.urls.values()]
    return "".join(pages)


async def test_no_voter_and_no_choice_is_found_outside_voting(told: dict[str, str]) -> None:
    """No identity anywhere, not even in voting's own database; no keyed hash of a voter outside it."""
    for place, text in told.items():
        assert "canary" not in text, place
        assert "김유권" not in text, place
    hashes = told["voters"].split()
    assert len(set(hashes)) == len(VOTERS)
    assert all(each in told["voting database"] for each in hashes)
    for place in set(told) - {"voting database", "voters"}:
        assert not any(each in told[place].lower() for each in hashes), place


async def test_no_single_choice_is_told(told: dict[str, str]) -> None:
    """The word of a choice stands nowhere outside voting's database but as the name of a total."""
    for place in ("topics", "logs", "committee database", "evaluation database", "proposal database"):
        assert not re.search(r'choice["\\]*\s*[:=]', told[place]), place
