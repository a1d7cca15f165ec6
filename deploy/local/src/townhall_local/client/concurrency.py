"""Bounded concurrency."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


async def gather_limited(
    items: Iterable[Item], function: Callable[[Item], Awaitable[Result]], *, limit: int = 16
) -> list[Result]:
    """Call `function` for every item, at most `limit` at a time; return the results in the order of the items.

    The first failure cancels the other calls and is raised in an `ExceptionGroup`.
    """
    slots = asyncio.Semaphore(limit)

    async def call(item: Item) -> Result:
        async with slots:
            return await function(item)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(call(item)) for item in items]
    return [task.result() for task in tasks]
