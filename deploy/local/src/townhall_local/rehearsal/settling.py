"""After the ballots: waiting until events have done their work, and reading what the platform shows in the end."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Final

from townhall_local.client.people import Platform
from townhall_local.client.together import together
from townhall_local.client.waiting import TooLate, until
from townhall_local.rehearsal.programme import Tally
from townhall_local.rehearsal.report import TaskFound

SETTLE_WITHIN: Final = 60.0
"""Seconds given to the pipeline after the last ballot's answer."""
LOOK_EVERY: Final = 0.5


async def settle(
    platform: Platform, task_ids: Mapping[str, str], expected: Mapping[str, Tally], within: float = SETTLE_WITHIN
) -> list[TaskFound]:
    """Look at every task until each is as it must be, or until the time is up: then as it is."""
    found: dict[str, TaskFound] = {}
    waiting = list(task_ids)

    async def look() -> bool | None:
        for task in await together(waiting, lambda source_id: _look(platform, source_id, task_ids[source_id])):
            found[task.source_id] = task
        waiting[:] = [source_id for source_id in waiting if not _settled(found[source_id], expected[source_id])]
        return None if waiting else True

    with suppress(TooLate):  # the verdict names what is not as it must be
        await until(look, what="all tasks as recounted", within=within, every=LOOK_EVERY)
    return [found[source_id] for source_id in task_ids]


def _settled(task: TaskFound, tally: Tally) -> bool:
    counted = (task.yes, task.no) == (tally.yes, tally.no)
    return counted and task.cases == int(task.threshold_reached) and task.docketed == bool(task.cases)


async def _look(platform: Platform, source_id: str, task_id: str) -> TaskFound:
    vote = await platform.api.get("voting", f"/votes/{task_id}")
    cases = await platform.api.every("committee", "/cases", task_id=task_id)
    case = cases[0] if cases else None
    threshold = vote["threshold"]
    return TaskFound(
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
