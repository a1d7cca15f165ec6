"""Preparing a rehearsal: the rules, the proposals, their screening, the tasks, and a sitting for all cases."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from townhall_local.client.api import Json
from townhall_local.client.concurrency import gather_limited
from townhall_local.client.polling import poll
from townhall_local.client.users import PlatformClient
from townhall_local.rehearsal.statement import Statement, problem, title

ARTICLE: Final = "Rehearsal of a recorded consultation"
OFFICIAL: Final = "rehearsal-official"
"""The subject of the officials who run the rehearsal."""
PROPOSAL_QUOTA: Final = 10_000
"""Proposals an author may submit a day during a rehearsal."""
LARGEST_SITTING: Final = 1000
SITS_IN: Final = timedelta(days=30)
VOTES_OPEN_WITHIN: Final = 60.0


async def enact(platform: PlatformClient, more_than: int) -> Json:
    """Enact the threshold, before any vote opens, and the raised proposal quota; return the rule version.

    Votes that are open already keep their rule version.
    """
    await _raise_quota(platform)
    parameters = {"yes_more_than": more_than, "ballots_changeable": True}
    secretary = platform.user("secretary", OFFICIAL)
    return await secretary.post("voting", "/rules", {"article": ARTICLE, "parameters": parameters})


async def _raise_quota(platform: PlatformClient) -> None:
    """Enact a quota that lets an author submit all their recorded comments at once."""
    versions = await platform.api.every("proposal", "/rules")
    now = datetime.now(UTC)  # noqa: TID251  compared with effective dates
    parameters = in_force(versions, now)["parameters"]
    if parameters["proposals_a_day"] < PROPOSAL_QUOTA:
        parameters |= {"proposals_a_day": PROPOSAL_QUOTA}
        secretary = platform.user("secretary", OFFICIAL)
        await secretary.post("proposal", "/rules", {"article": ARTICLE, "parameters": parameters})


def in_force(versions: Sequence[Json], now: datetime) -> Json:
    """Return the version in force at `now`, as the services choose it: latest effective date, then highest number."""
    effective = [each for each in versions if _effective_from(each) <= now]
    return max(effective, key=lambda each: (_effective_from(each), each["version"]))


def _effective_from(version: Json) -> datetime:
    since = version["effective_from"]
    return datetime.fromisoformat(since) if since else datetime.min.replace(tzinfo=UTC)


async def call_sitting(platform: PlatformClient, capacity: int, sits_at: datetime) -> Json:
    """Call a sitting with capacity for so many cases."""
    secretary = platform.user("secretary", OFFICIAL)
    return await secretary.post(
        "committee", "/sittings", {"sits_at": sits_at.isoformat(), "capacity": min(max(capacity, 1), LARGEST_SITTING)}
    )


async def put_to_the_vote(
    platform: PlatformClient, statements: tuple[Statement, ...], done: Callable[[], None]
) -> dict[str, str]:
    """Make a task of every statement and wait until all votes are open; return task ids by statement id.

    `done` is called for each statement. Raises `TimeoutError` or `PollTimeout` if votes don't open in time.
    """

    async def one(statement: Statement) -> tuple[str, str]:
        task_id = await _task_of(platform, statement)
        done()
        return statement.id, task_id

    task_ids = dict(await gather_limited(statements, one))
    async with asyncio.timeout(VOTES_OPEN_WITHIN):
        await gather_limited(task_ids.values(), lambda task_id: _open(platform, task_id))
    return task_ids


async def _task_of(platform: PlatformClient, statement: Statement) -> str:
    name, text = title(statement), problem(statement)
    author, officer = platform.user("citizen", statement.author), platform.user("officer", OFFICIAL)
    proposal = await author.post("proposal", "/proposals", {"title": name, "problem": text, "remedy": ""})
    proposal_id = proposal["proposal_id"]
    await officer.post(
        "proposal", f"/proposals/{proposal_id}/screening", {"decision": "admit", "reason": "meets-requirements"}
    )
    selection = {
        "title": name,
        "summary": text,
        "origin": "proposals",
        "proposal_ids": [proposal_id],
        "reason": "public-interest",
    }
    task = await officer.post("proposal", "/tasks", selection)
    return str(task["task_id"])


async def _open(platform: PlatformClient, task_id: str) -> None:
    await poll(lambda: vote_if_open(platform, task_id), what=f"vote on task {task_id} open", within=VOTES_OPEN_WITHIN)


async def vote_if_open(platform: PlatformClient, task_id: str) -> Json | None:
    """Return the vote once it is open; None before, also while the voting service has not consumed the task's event."""
    vote = await platform.api.find("voting", f"/votes/{task_id}")
    return vote if vote and vote["state"] == "open" else None
