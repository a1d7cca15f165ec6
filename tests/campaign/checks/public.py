"""Public data: every process shows the current state and totals of each vote, at most five seconds late."""

import time
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import aiohttp

from tests.campaign.evidence import Evidence
from townhall.chassis.retrying import sleep

FRESH_WITHIN: Final = 5.0


async def broken(evidence: Evidence, urls: Sequence[str]) -> list[tuple[str, str]]:
    """Compare the responses of voting's processes with its tables; return what still differs after `FRESH_WITHIN`."""
    began = time.monotonic()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=FRESH_WITHIN)) as http:
        while found := [each async for each in _differing(http, evidence, urls)]:
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
            expected = (vote["state"], tally["yes"], tally["no"], tally["reached_at"] is not None)
            shown = await _shown(http, f"{url}/votes/{vote['task_id']}")
            if shown != expected:
                yield "shown-differently", f"{vote['task_id']} is {expected} and shown as {shown}"


async def _shown(http: aiohttp.ClientSession, url: str) -> Any:  # noqa: ANN401  what is compared
    try:
        async with http.get(url) as answer:
            vote = await answer.json(content_type=None)
            return vote["state"], vote["yes"], vote["no"], vote["threshold"]["reached"]
    except (TimeoutError, aiohttp.ClientError, KeyError, ValueError) as error:
        return type(error).__name__
