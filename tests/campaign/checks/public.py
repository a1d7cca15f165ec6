"""What anybody may read: each vote is shown as it is, by every process, at most five seconds late."""

import time
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import aiohttp

from tests.campaign.evidence import Evidence
from townhall.chassis.retrying import sleep

FRESH_WITHIN: Final = 5.0


async def broken(evidence: Evidence, urls: Sequence[str]) -> list[tuple[str, str]]:
    """Compare what the processes of voting show with what is so, until it agrees or should have."""
    began = time.monotonic()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=FRESH_WITHIN)) as http:
        while found := [said async for said in _differing(http, evidence, urls)]:
            if time.monotonic() - began > FRESH_WITHIN:
                break
            await sleep(0.3)
    return found


async def _differing(
    http: aiohttp.ClientSession, evidence: Evidence, urls: Sequence[str]
) -> AsyncIterator[tuple[str, str]]:
    tallies = {row["task_id"]: row for row in evidence.rows("voting", "tally")}
    for url in urls:
        for vote in evidence.rows("voting", "vote"):
            tally = tallies[vote["task_id"]]
            due = (vote["state"], tally["yes"], tally["no"], tally["reached_at"] is not None)
            shown = await _shown(http, f"{url}/votes/{vote['task_id']}")
            if shown != due:
                yield "shown-otherwise", f"{vote['task_id']} is {due} and shown as {shown}"


async def _shown(http: aiohttp.ClientSession, url: str) -> Any:  # noqa: ANN401  what is compared
    try:
        async with http.get(url) as answer:
            view = await answer.json(content_type=None)
            return view["state"], view["yes"], view["no"], view["threshold"]["reached"]
    except (TimeoutError, aiohttp.ClientError, KeyError, ValueError) as fault:
        return type(fault).__name__
