"""The intake: groups, capacity, failures of counting and cancelled callers (V9)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from townhall.contracts.values import TaskId
from townhall.rejected import Rejected
from voting.domain.ballot import CastBallot, Choice, Counted, CurrentBallot, Outcome
from voting.domain.vote import VoteNotOpen
from voting.intake import CountingFailed, Intake, ResultUnknown, TooBusy

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOW = datetime(2026, 3, 1, tzinfo=UTC)
COUNTED = Counted(Outcome.COUNTED, CurrentBallot(Choice.YES, NOW))
BUSY, QUIET = TaskId(UUID(int=1)), TaskId(UUID(int=2))


def cast_ballot(name: str, task_id: TaskId = BUSY) -> CastBallot:
    """Return a ballot for yes."""
    return CastBallot(task_id, name, Choice.YES)


@dataclass
class MemoryCounter:
    """Counts in memory once `open` is set. Ballots named in `errors` raise, as a bug or a lost database would."""

    groups: list[list[str]] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    errors: dict[str, Exception] = field(default_factory=dict)
    refusals: dict[str, Rejected] = field(default_factory=dict)

    async def count(self, cast_ballots: Sequence[CastBallot]) -> Sequence[Counted | Rejected]:
        """Count a group, all or nothing."""
        names = [each.subject for each in cast_ballots]
        await self.open.wait()
        for name in names:
            if name in self.errors:
                raise self.errors[name]
        self.groups.append(names)
        return [self.refusals.get(name, COUNTED) for name in names]

    def intake(self, capacity: int = 100, group_size: int = 50) -> Intake:
        """Return an intake that counts here."""
        return Intake(self.count, capacity=capacity, group_size=group_size)


def cast(intake: Intake, *names: str, task_id: TaskId = BUSY) -> "list[asyncio.Task[Counted]]":
    """Start casting ballots; return their tasks."""
    return [asyncio.create_task(intake.cast(cast_ballot(name, task_id)), name=name) for name in names]


async def outcomes(tasks: "Sequence[asyncio.Task[Counted]]") -> list[Any]:
    """Await every task; return the outcome, or the type of the error."""
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    return [type(each) if isinstance(each, BaseException) else each.outcome.value for each in answers]


async def block(intake: Intake) -> "asyncio.Task[Counted]":
    """Start counting one ballot, which blocks until the counter is open, so that others queue up."""
    (first,) = cast(intake, "first")
    await _settle()
    return first


async def _settle() -> None:
    """Let every task run until it blocks."""
    for _ in range(20):
        await asyncio.to_thread(int)


async def test_queued_ballots_are_counted_as_one_group() -> None:
    """Each ballot of a group gets its own answer; a single ballot is counted at once."""
    counter = MemoryCounter(refusals={"b": VoteNotOpen()})
    intake = counter.intake()
    async with intake.running():
        first = await block(intake)
        others = cast(intake, "a", "b", "c")
        await _settle()
        counter.open.set()
        assert await outcomes([first, *others]) == ["counted", "counted", VoteNotOpen, "counted"]
    assert counter.groups == [["first"], ["a", "b", "c"]]


async def test_a_long_queue_is_counted_half_at_a_time() -> None:
    """So that requests of one half are read while the other is committed; a short queue is one group."""
    counter = MemoryCounter()
    intake = counter.intake()
    async with intake.running():
        first = await block(intake)
        others = cast(intake, *map(str, range(30)))
        await _settle()
        counter.open.set()
        await outcomes([first, *others])
    assert [len(group) for group in counter.groups] == [1, 16, 14]
    assert counter.groups[1] == [str(number) for number in range(16)]


async def test_a_full_intake_refuses_ballots() -> None:
    """V9: ballots beyond the capacity are refused and not stored; queued ones are counted."""
    counter = MemoryCounter()
    intake = counter.intake(capacity=2)
    async with intake.running():
        first = await block(intake)
        others = cast(intake, "a", "b", "too many")
        await _settle()
        counter.open.set()
        assert await outcomes([first, *others]) == ["counted", "counted", "counted", TooBusy]
    assert counter.groups == [["first"], ["a", "b"]]
    assert (TooBusy.status, TooBusy.headers) == (503, {"Retry-After": "1"})


async def test_a_busy_task_does_not_block_others() -> None:
    """V9: when full, the last of the longest queue is evicted; the queues of tasks are served in turn."""
    counter = MemoryCounter()
    intake = counter.intake(capacity=6, group_size=2)
    async with intake.running():
        first = await block(intake)
        busy = cast(intake, *(f"v{number}" for number in range(6)))
        await _settle()
        quiet = cast(intake, "q0", "q1", task_id=QUIET)
        await _settle()
        counter.open.set()
        assert await outcomes([first, *quiet]) == ["counted"] * 3
        assert await outcomes(busy) == ["counted"] * 4 + [TooBusy] * 2
    assert counter.groups == [["first"], ["v0", "q0"], ["v1", "q1"], ["v2", "v3"]]


async def test_an_error_of_one_ballot_fails_no_other() -> None:
    """V9: the ballots of a failed group are counted one by one; the error carries nothing of the ballot."""
    counter = MemoryCounter(errors={"bad": ValueError("bad voted yes")})
    intake = counter.intake()
    async with intake.running():
        first = await block(intake)
        others = cast(intake, "a", "bad", "b")
        await _settle()
        counter.open.set()
        assert await outcomes([first, *others]) == ["counted", "counted", CountingFailed, "counted"]
        failure = others[1].exception()
    assert failure is not None
    assert (str(failure), failure.__cause__) == ("", None)


async def test_a_lost_database_fails_the_whole_group_at_once() -> None:
    """V9: no ballot is tried by itself; each answer says that sending it again is safe."""
    counter = MemoryCounter(errors={"a": ConnectionResetError()})
    intake = counter.intake()
    async with intake.running():
        first = await block(intake)
        others = cast(intake, "a", "b", "c")
        await _settle()
        counter.open.set()
        assert await outcomes([first, *others]) == ["counted"] + [ResultUnknown] * 3
        assert await outcomes(cast(intake, "later")) == ["counted"]
    assert counter.groups == [["first"], ["later"]]


async def test_a_database_lost_while_counting_one_by_one() -> None:
    """V9: the remaining ballots of the group are answered without another try."""
    counter = MemoryCounter(errors={"bad": ValueError(), "b": ConnectionResetError()})
    intake = counter.intake()
    async with intake.running():
        first = await block(intake)
        others = cast(intake, "bad", "a", "b", "c")
        await _settle()
        counter.open.set()
        assert await outcomes([first, *others]) == ["counted", CountingFailed, "counted", ResultUnknown, ResultUnknown]


async def test_a_cancelled_caller() -> None:
    """V9: a ballot cancelled while queued is not counted; one cancelled while being counted is."""
    counter = MemoryCounter()
    intake = counter.intake()
    async with intake.running():
        first = await block(intake)
        others = cast(intake, "a", "b", "c")
        await _settle()
        first.cancel()
        others[1].cancel()
        await _settle()
        counter.open.set()
        assert await outcomes([others[0], others[2]]) == ["counted"] * 2
    assert counter.groups == [["first"], ["a", "c"]]


async def test_shutdown_answers_every_caller() -> None:
    """On shutdown queued ballots are counted and new ones are refused."""
    counter = MemoryCounter()
    intake = counter.intake(group_size=2)
    async with intake.running():
        pending = [await block(intake), *cast(intake, "a", "b", "c")]
        await _settle()
        counter.open.set()
    assert await outcomes(pending) == ["counted"] * 4
    assert await outcomes(cast(intake, "late")) == [TooBusy]


async def test_pending_ballots_and_failed_groups_are_counted() -> None:
    """The gauge shows how many ballots are queued, the counter each group that failed, by cause."""
    failures = {cause: _sample("voting_intake_group_failures_total", cause=cause) for cause in ("ballot", "database")}
    counter = MemoryCounter(errors={"bug": ZeroDivisionError(), "gone": ConnectionResetError()})
    pending: list[float] = []

    async def count(cast_ballots: Sequence[CastBallot]) -> Sequence[Counted | Rejected]:
        pending.append(_sample("voting_intake_queued"))
        return await counter.count(cast_ballots)

    intake = Intake(count, capacity=100, group_size=2)
    async with intake.running():
        first = await block(intake)
        others = cast(intake, "a", "b", "c", "bug", "gone")
        await _settle()
        counter.open.set()
        await outcomes([first, *others])
    assert max(pending) == 3
    for cause, before in failures.items():
        assert _sample("voting_intake_group_failures_total", cause=cause) > before


def _sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0
