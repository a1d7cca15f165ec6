"""The tally_cache: many readers, few readings of the database, nothing older than a second."""

import asyncio
from itertools import count
from uuid import UUID

import pytest

from townhall.contracts.values import TaskId
from voting.domain.vote import NoSuchVote
from voting.tally_cache import FRESH, MOST, TallyCache

pytestmark = pytest.mark.asyncio(loop_scope="session")

TASK = TaskId(UUID(int=1))


class Register:
    """Writes a new total each time it is asked, and remembers how often that was."""

    def __init__(self) -> None:
        self.asked = 0
        self.fails = False

    async def written(self, task_id: TaskId) -> bytes:
        """Return the vote as it stands."""
        self.asked += 1
        await asyncio.to_thread(int)
        if self.fails:
            raise NoSuchVote
        return f"{task_id} {self.asked}".encode()


async def test_many_readers_ask_once() -> None:
    """A thousand at once read the database once, and see the same version."""
    register = Register()
    board = TallyCache(register.written)
    notices = await asyncio.gather(*(board.tally(TASK) for _ in range(1000)))
    assert (register.asked, len(set(notices))) == (1, 1)


async def test_a_notice_gets_old() -> None:
    """After its time the next reader sees what stands now, under another tag; never before."""
    board = TallyCache(Register().written, fresh=0.05)
    first = await board.tally(TASK)
    began = asyncio.get_running_loop().time()
    while (again := await board.tally(TASK)) == first:
        assert asyncio.get_running_loop().time() - began < 1
    assert again.etag != first.etag


async def test_a_notice_is_kept_while_it_is_fresh() -> None:
    """However often it is read meanwhile."""
    register = Register()
    board = TallyCache(register.written, fresh=60)
    assert len({await board.tally(TASK) for _ in range(100)}) == 1
    assert register.asked == 1
    assert FRESH <= 1


async def test_a_failure_is_not_kept() -> None:
    """Whoever asked hears of it; the next one asks again."""
    register = Register()
    board = TallyCache(register.written)
    register.fails = True
    told = await asyncio.gather(*(board.tally(TASK) for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in told] == [NoSuchVote] * 3
    register.fails = False
    assert (await board.tally(TASK)).body


async def test_a_reader_who_leaves_takes_nothing_down() -> None:
    """The others still get their answer."""
    board = TallyCache(Register().written)
    leaving, staying = (asyncio.create_task(board.tally(TASK)) for _ in range(2))
    await asyncio.to_thread(int)
    leaving.cancel()
    assert (await staying).body


async def test_the_board_has_an_edge() -> None:
    """However many votes are asked for, only so many are kept."""
    register = Register()
    board = TallyCache(register.written)
    for number, _ in zip(count(), range(MOST + 1), strict=False):
        await board.tally(TaskId(UUID(int=number)))
    await board.tally(TaskId(UUID(int=MOST)))
    assert register.asked == MOST + 1
    await board.tally(TaskId(UUID(int=0)))
    assert register.asked == MOST + 2
