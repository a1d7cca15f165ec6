"""The tally cache: few reads of the database for many requests, and no answer older than a second."""

import asyncio
from itertools import count
from uuid import UUID

import pytest

from townhall.contracts.values import TaskId
from voting.domain.vote import NoSuchVote
from voting.tally_cache import CAPACITY, MAX_AGE, TallyCache

pytestmark = pytest.mark.asyncio(loop_scope="session")

TASK = TaskId(UUID(int=1))


class Loader:
    """Returns another body on each call, and counts the calls."""

    def __init__(self) -> None:
        self.calls = 0
        self.fails = False

    async def load(self, task_id: TaskId) -> bytes:
        """Return a body, or raise `NoSuchVote` if `fails` is set."""
        self.calls += 1
        await asyncio.to_thread(int)
        if self.fails:
            raise NoSuchVote
        return f"{task_id} {self.calls}".encode()


async def test_concurrent_requests_share_one_load() -> None:
    """A thousand concurrent requests load once and get the same version."""
    loader = Loader()
    cache = TallyCache(loader.load)
    tallies = await asyncio.gather(*(cache.tally(TASK) for _ in range(1000)))
    assert (loader.calls, len(set(tallies))) == (1, 1)


async def test_an_entry_gets_stale() -> None:
    """After `max_age` the next request loads a new version with another entity tag."""
    cache = TallyCache(Loader().load, max_age=0.05)
    first = await cache.tally(TASK)
    began = asyncio.get_running_loop().time()
    while (again := await cache.tally(TASK)) == first:
        assert asyncio.get_running_loop().time() - began < 1
    assert again.etag != first.etag


async def test_a_fresh_entry_is_not_loaded_again() -> None:
    """However often it is requested."""
    loader = Loader()
    cache = TallyCache(loader.load, max_age=60)
    assert len({await cache.tally(TASK) for _ in range(100)}) == 1
    assert loader.calls == 1
    assert MAX_AGE <= 1


async def test_an_error_is_not_cached() -> None:
    """Those who wait for the load get the error; the next request loads again."""
    loader = Loader()
    cache = TallyCache(loader.load)
    loader.fails = True
    errors = await asyncio.gather(*(cache.tally(TASK) for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in errors] == [NoSuchVote] * 3
    loader.fails = False
    assert (await cache.tally(TASK)).body


async def test_a_cancelled_request_does_not_cancel_the_load() -> None:
    """Other requests still get their answer."""
    cache = TallyCache(Loader().load)
    cancelled, other = (asyncio.create_task(cache.tally(TASK)) for _ in range(2))
    await asyncio.to_thread(int)
    cancelled.cancel()
    assert (await other).body


async def test_capacity() -> None:
    """Beyond the capacity the entry loaded longest ago is evicted."""
    loader = Loader()
    cache = TallyCache(loader.load)
    for number, _ in zip(count(), range(CAPACITY + 1), strict=False):
        await cache.tally(TaskId(UUID(int=number)))
    await cache.tally(TaskId(UUID(int=CAPACITY)))
    assert loader.calls == CAPACITY + 1
    await cache.tally(TaskId(UUID(int=0)))
    assert loader.calls == CAPACITY + 2
