"""Before the ballots: the rule, the proposals, their screening, the tasks, and a sitting with room for all cases."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from townhall_local.client.api import Json
from townhall_local.client.people import Platform
from townhall_local.client.together import together
from townhall_local.client.waiting import until
from townhall_local.rehearsal.statement import Statement, problem, title

ARTICLE: Final = "Rehearsal of a recorded consultation"
DESK: Final = "rehearsal-desk"
"""The subject of the officials who run the rehearsal."""
ALL_AT_ONCE: Final = 10_000
"""Proposals an author may hand in within a day of rehearsing."""
LARGEST_SITTING: Final = 1000
SITS_IN: Final = timedelta(days=30)
VOTES_OPEN_WITHIN: Final = 60.0


async def enact(platform: Platform, more_than: int) -> Json:
    """Put the threshold into force before any vote opens; open votes of others keep their rule."""
    await _lift_quota(platform)
    parameters = {"yes_more_than": more_than, "ballots_changeable": True}
    secretary = platform.person("secretary", DESK)
    return await secretary.post("voting", "/rules", {"article": ARTICLE, "parameters": parameters})


async def _lift_quota(platform: Platform) -> None:
    """Let an author hand in within a minute what was written over weeks."""
    versions = await platform.api.every("proposal", "/rules")
    now = datetime.now(UTC)  # noqa: TID251  an effective date is a date of the calendar
    parameters = in_force(versions, now)["parameters"]
    if parameters["proposals_a_day"] < ALL_AT_ONCE:
        parameters |= {"proposals_a_day": ALL_AT_ONCE}
        secretary = platform.person("secretary", DESK)
        await secretary.post("proposal", "/rules", {"article": ARTICLE, "parameters": parameters})


def in_force(versions: Sequence[Json], now: datetime) -> Json:
    """Choose the version in force as the services do: the latest to take effect, then the latest enacted."""
    begun = [each for each in versions if _begins(each) <= now]
    return max(begun, key=lambda each: (_begins(each), each["version"]))


def _begins(version: Json) -> datetime:
    since = version["effective_from"]
    return datetime.fromisoformat(since) if since else datetime.min.replace(tzinfo=UTC)


async def call_sitting(platform: Platform, capacity: int, sits_at: datetime) -> Json:
    """Call a sitting that can take every case there may be."""
    secretary = platform.person("secretary", DESK)
    return await secretary.post(
        "committee", "/sittings", {"sits_at": sits_at.isoformat(), "capacity": min(max(capacity, 1), LARGEST_SITTING)}
    )


async def put_to_the_vote(
    platform: Platform, statements: tuple[Statement, ...], done: Callable[[], None]
) -> dict[str, str]:
    """Make a task of every statement and wait until all votes are open. Gives task ids by statement id."""

    async def one(statement: Statement) -> tuple[str, str]:
        task_id = await _task_of(platform, statement)
        done()
        return statement.id, task_id

    task_ids = dict(await together(statements, one))
    async with asyncio.timeout(VOTES_OPEN_WITHIN):
        await together(task_ids.values(), lambda task_id: _open(platform, task_id))
    return task_ids


async def _task_of(platform: Platform, statement: Statement) -> str:
    name, text = title(statement), problem(statement)
    author, officer = platform.person("citizen", statement.author), platform.person("officer", DESK)
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


async def _open(platform: Platform, task_id: str) -> None:
    await until(lambda: vote_if_open(platform, task_id), what=f"vote on task {task_id} open", within=VOTES_OPEN_WITHIN)


async def vote_if_open(platform: Platform, task_id: str) -> Json | None:
    """The vote once it takes ballots; it is made from the task's event, so at first there is none."""
    votes = await platform.api.find("voting", f"/votes/{task_id}")
    return votes if votes and votes["state"] == "open" else None
