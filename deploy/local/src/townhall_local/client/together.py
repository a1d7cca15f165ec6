"""Doing the same for many things, several at once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

Thing = TypeVar("Thing")
Made = TypeVar("Made")


async def together(
    things: Iterable[Thing], act: Callable[[Thing], Awaitable[Made]], *, at_once: int = 16
) -> list[Made]:
    """What `act` made of each thing, in the order of the things. The first failure ends all."""
    room = asyncio.Semaphore(at_once)

    async def in_turn(thing: Thing) -> Made:
        async with room:
            return await act(thing)

    async with asyncio.TaskGroup() as group:
        made = [group.create_task(in_turn(thing)) for thing in things]
    return [task.result() for task in made]
