"""Casting the ballots: many at once, yet each voter's own in the order in which they voted."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from itertools import cycle
from typing import Final

from townhall_local.client.api import Refused
from townhall_local.client.people import Platform
from townhall_local.rehearsal.polis import AGREE, Vote
from townhall_local.rehearsal.report import Ballots

LANES: Final = 48
"""Requests under way at once. Each voter keeps to one lane."""
AHEAD: Final = 64
"""How many ballots a lane may hold: few, so that ballots arrive nearly in the order of the recording."""

Lane = asyncio.Queue[Vote | None]


async def cast(
    platform: Platform, votes: Sequence[Vote], task_ids: Mapping[str, str], done: Callable[[], None]
) -> Ballots:
    """Cast them all and count the answers."""
    lanes = [Lane(AHEAD) for _ in range(LANES)]
    order = cycle(lanes)
    lane_of = {voter: next(order) for voter in dict.fromkeys(vote.voter for vote in votes)}
    ballots = Ballots()
    async with asyncio.TaskGroup() as group:
        for lane in lanes:
            group.create_task(_walk(lane, platform, task_ids, ballots, done))
        for vote in votes:
            await lane_of[vote.voter].put(vote)
        for lane in lanes:
            await lane.put(None)
    return ballots


async def _walk(
    lane: Lane, platform: Platform, task_ids: Mapping[str, str], ballots: Ballots, done: Callable[[], None]
) -> None:
    while (vote := await lane.get()) is not None:
        ballots.sent += 1
        try:
            await _put(platform, vote, task_ids[vote.comment], ballots)
        except Refused as refused:
            if refused.status != HTTPStatus.CONFLICT:  # a fault of ours or theirs, not a rule of the vote
                raise
            ballots.refused += 1
        done()


async def _put(platform: Platform, vote: Vote, task_id: str, ballots: Ballots) -> None:
    choice = "yes" if vote.value == AGREE else "no"
    voter = platform.person("citizen", vote.voter)
    answer = await voter.put("voting", f"/votes/{task_id}/ballot", {"choice": choice})
    ballots.accepted += 1
    ballots.revised += answer["outcome"] == "changed"
