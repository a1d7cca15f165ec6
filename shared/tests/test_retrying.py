"""The retry policy: waits that grow, with jitter, for what is worth another attempt."""

import asyncio

import pytest

from townhall.chassis.retrying import retrying
from townhall.chassis.transient import transient


class Sleeper:
    """Takes the place of the clock: remembers how long it was to sleep."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """Return at once."""
        self.slept.append(seconds)


class Flaky:
    """Fails as often as it was made to, then returns."""

    def __init__(self, failures: int, error: BaseException) -> None:
        self.left = failures
        self.error = error

    async def __call__(self, value: str) -> str:
        """Return the value, or raise."""
        if self.left:
            self.left -= 1
            raise self.error
        return value


async def test_a_transient_error_is_retried_until_it_is_over() -> None:
    """The result of the attempt that succeeds is returned, after as many waits as attempts failed."""
    sleeper = Sleeper()
    assert await retrying(transient, sleep=sleeper.sleep)(Flaky(20, ConnectionResetError()), "done") == "done"
    assert len(sleeper.slept) == 20


async def test_waits_grow_to_a_bound_and_differ() -> None:
    """At most twice as long as the time before, at most ten seconds, and random: replicas don't retry in step."""
    runs = []
    for _ in range(30):
        sleeper = Sleeper()
        await retrying(transient, sleep=sleeper.sleep)(Flaky(12, TimeoutError()), "done")
        runs.append(sleeper.slept)
    for attempt, waits in enumerate(zip(*runs, strict=True)):
        assert all(0.05 <= wait <= min(10, 0.1 * 2**attempt) for wait in waits)
        assert len(set(waits)) > 1
    assert max(waits) > 5


@pytest.mark.parametrize("error", [ValueError("bad"), asyncio.CancelledError()])
async def test_any_other_error_is_raised_at_once(error: BaseException) -> None:
    """Itself, and not wrapped; a cancellation too."""
    sleeper = Sleeper()
    with pytest.raises(type(error)) as raised:
        await retrying(transient, sleep=sleeper.sleep)(Flaky(1, error), "done")
    assert raised.value is error
    assert not sleeper.slept
