"""After the ballots: wait until all events are processed, and read the results from the public APIs."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Final

from townhall_local.client.concurrency import gather_limited
from townhall_local.client.polling import PollTimeout, poll
from townhall_local.client.users import PlatformClient
from townhall_local.rehearsal.report import TaskResult
from townhall_local.rehearsal.schedule import Tally

SETTLE_WITHIN: Final = 60.0
"""Seconds to wait for the pipeline after the last ballot's response."""
POLL_EVERY: Final = 0.5


async def settle(
    platform: PlatformClient, task_ids: Mapping[str, str], expected: Mapping[str, Tally], within: float = SETTLE_WITHIN
) -> list[TaskResult]:
    """Poll every task until it is as expected, for at most `within` seconds; return the results either way."""
    found: dict[str, TaskResult] = {}
    pending = list(task_ids)

    async def probe() -> bool | None:
        for task in await gather_limited(pending, lambda source_id: _result(platform, source_id, task_ids[source_id])):
            found[task.source_id] = task
        pending[:] = [source_id for source_id in pending if not _settled(found[source_id], expected[source_id])]
        return None if pending else True

    with suppress(PollTimeout):  # the verdict names what is not as it must be
        await poll(probe, what="all tasks as recounted", within=within, every=POLL_EVERY)
    return [found[source_id] for source_id in task_ids]


def _settled(task: TaskResult, tally: Tally) -> bool:
    counted = (task.yes, task.no) == (tally.yes, tally.no)
    return counted and task.cases == int(task.threshold_reached) and task.docketed == bool(task.cases)


async def _result(platform: PlatformClient, source_id: str, task_id: str) -> TaskResult:
    vote = await platform.api.get("voting", f"/votes/{task_id}")
    cases = await platform.api.every("committee", "/cases", task_id=task_id)
    case = cases[0] if cases else None
    threshold = vote["threshold"]
    return TaskResult(
        source_id=source_id,
        task_id=task_id,
        yes=vote["yes"],
        no=vote["no"],
        threshold_reached=threshold["reached"],
        case_id=case["case_id"] if case else None,
        cases=len(cases),
        docketed=bool(case and case["sitting_id"]),
        seconds_to_case=_seconds(threshold["reached_at"], case["opened_at"]) if case and threshold["reached"] else None,
    )


def _seconds(crossed: str, opened: str) -> float:
    return (datetime.fromisoformat(opened) - datetime.fromisoformat(crossed)).total_seconds()
