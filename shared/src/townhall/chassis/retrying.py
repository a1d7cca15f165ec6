"""The one retry policy, by tenacity: exponential backoff with jitter, without end unless the caller's rule ends it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from tenacity import AsyncRetrying, retry_if_exception, wait_random_exponential

BACKOFF: Final = wait_random_exponential(multiplier=0.1, min=0.05, max=10)
"""Seconds between two attempts: random, so that replicas don't retry in step, up to a bound that doubles each time."""


async def sleep(seconds: float) -> None:
    """Let this many seconds pass: between polls, and between attempts."""
    await asyncio.sleep(seconds)  # noqa: TID251  the one place that waits for time


def retrying(
    worth_retrying: Callable[[BaseException], bool], *, sleep: Callable[[float], Awaitable[None]] = sleep
) -> AsyncRetrying:
    """Return a retrier; call it with a function and its arguments and await the result.

    After each exception `worth_retrying` is called with it, once; if it returns False the exception is raised. It must
    return False for what is not an `Exception`, such as a cancellation.
    """
    return AsyncRetrying(sleep=sleep, wait=BACKOFF, retry=retry_if_exception(worth_retrying), reraise=True)
