"""The intake: groups, room, and what happens when counting fails or a caller leaves (V9)."""

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
from voting.intake import Intake, NotCounted, NotSure, TooBusy

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOW = datetime(2026, 3, 1, tzinfo=UTC)
COUNTED = Counted(Outcome.COUNTED, CurrentBallot(Choice.YES, NOW))
VIRAL, QUIET = TaskId(UUID(int=1)), TaskId(UUID(int=2))


def cast_ballot(name: str, task_id: TaskId = VIRAL) -> CastBallot:
    """A ballot."""
    return CastBallot(task_id, name, Choice.YES)


@dataclass
class Urn:
    """Counts in memory, when it is let; some ballots break it, as a bug or a lost database would."""

    groups: list[list[str]] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    poison: dict[str, Exception] = field(default_factory=dict)
    refuse: dict[str, Rejected] = field(default_factory=dict)

    async def count(self, cast_ballots: Sequence[CastBallot]) -> Sequence[Counted | Rejected]:
        """Count a group, all or nothing."""
        names = [each.subject for each in cast_ballots]
        await self.open.wait()
        for name in names:
            if name in self.poison:
                raise self.poison[name]
        self.groups.append(names)
        return [self.refuse.get(name, COUNTED) for name in names]

    def intake(self, room: int = 100, group: int = 50) -> Intake:
        """An intake that counts here."""
        return Intake(self.count, room=room, group=group)


def posted(intake: Intake, *names: str, task_id: TaskId = VIRAL) -> "list[asyncio.Task[Counted]]":
    """Hand in ballots, all at once."""
    return [asyncio.create_task(intake.cast(cast_ballot(name, task_id)), name=name) for name in names]


async def outcomes(tasks: "Sequence[asyncio.Task[Counted]]") -> list[Any]:
    """Wait for every answer: a value, or what was raised."""
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    return [type(each) if isinstance(each, BaseException) else each.outcome.value for each in answers]


async def stalled(urn: Urn, intake: Intake) -> "asyncio.Task[Counted]":
    """Let one ballot be taken up for counting and stay there, so that others gather."""
    (first,) = posted(intake, "first")
    await _turns()
    return first


async def _turns() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.to_thread(int)


async def test_what_gathers_is_counted_together() -> None:
    """Each ballot of a group gets its own answer, and a lone ballot waits for no other."""
    urn = Urn(refuse={"b": VoteNotOpen()})
    intake = urn.intake()
    async with intake.working():
        first = await stalled(urn, intake)
        rest = posted(intake, "a", "b", "c")
        await _turns()
        urn.open.set()
        assert await outcomes([first, *rest]) == ["counted", "counted", VoteNotOpen, "counted"]
    assert urn.groups == [["first"], ["a", "b", "c"]]


async def test_a_crowd_is_counted_half_at_a_time() -> None:
    """So that its other half can be read while one is committed; a few are not worth two groups."""
    urn = Urn()
    intake = urn.intake()
    async with intake.working():
        first = await stalled(urn, intake)
        rest = posted(intake, *map(str, range(30)))
        await _turns()
        urn.open.set()
        await outcomes([first, *rest])
    assert [len(group) for group in urn.groups] == [1, 16, 14]
    assert urn.groups[1] == [str(number) for number in range(16)]


async def test_a_full_room_takes_nothing_more() -> None:
    """V9: beyond its room nothing is stored, and whoever is inside is counted all the same."""
    urn = Urn()
    intake = urn.intake(room=2)
    async with intake.working():
        first = await stalled(urn, intake)
        rest = posted(intake, "a", "b", "too many")
        await _turns()
        urn.open.set()
        assert await outcomes([first, *rest]) == ["counted", "counted", "counted", TooBusy]
    assert urn.groups == [["first"], ["a", "b"]]
    assert (TooBusy.status, TooBusy.headers) == (503, {"Retry-After": "1"})


async def test_a_viral_task_leaves_room_for_others() -> None:
    """V9: who comes last in the longest line makes room, so a quiet task is not shut out; lines are served in turn."""
    urn = Urn()
    intake = urn.intake(room=6, group=2)
    async with intake.working():
        first = await stalled(urn, intake)
        crowd = posted(intake, *(f"v{number}" for number in range(6)))
        await _turns()
        quiet = posted(intake, "q0", "q1", task_id=QUIET)
        await _turns()
        urn.open.set()
        assert await outcomes([first, *quiet]) == ["counted"] * 3
        assert await outcomes(crowd) == ["counted"] * 4 + [TooBusy] * 2
    assert urn.groups == [["first"], ["v0", "q0"], ["v1", "q1"], ["v2", "v3"]]


async def test_a_ballot_that_breaks_counting_breaks_no_other() -> None:
    """V9: the neighbours are counted one by one; what is told of the failure says nothing of the ballot."""
    urn = Urn(poison={"bad": ValueError("bad voted yes")})
    intake = urn.intake()
    async with intake.working():
        first = await stalled(urn, intake)
        rest = posted(intake, "a", "bad", "b")
        await _turns()
        urn.open.set()
        assert await outcomes([first, *rest]) == ["counted", "counted", NotCounted, "counted"]
        failure = rest[1].exception()
    assert failure is not None
    assert (str(failure), failure.__cause__) == ("", None)


async def test_a_lost_database_is_told_to_all_at_once() -> None:
    """V9: nobody is kept waiting for a try of their own, and everybody hears that sending it again is right."""
    urn = Urn(poison={"a": ConnectionResetError()})
    intake = urn.intake()
    async with intake.working():
        first = await stalled(urn, intake)
        rest = posted(intake, "a", "b", "c")
        await _turns()
        urn.open.set()
        assert await outcomes([first, *rest]) == ["counted"] + [NotSure] * 3
        assert await outcomes(posted(intake, "later")) == ["counted"]
    assert urn.groups == [["first"], ["later"]]


async def test_a_database_lost_between_tries() -> None:
    """V9: also when it is lost while the ballots of a broken group are tried one by one."""
    urn = Urn(poison={"bad": ValueError(), "b": ConnectionResetError()})
    intake = urn.intake()
    async with intake.working():
        first = await stalled(urn, intake)
        rest = posted(intake, "bad", "a", "b", "c")
        await _turns()
        urn.open.set()
        assert await outcomes([first, *rest]) == ["counted", NotCounted, "counted", NotSure, NotSure]


async def test_who_hangs_up_is_counted_or_not() -> None:
    """V9: one who leaves before their turn is not counted; one who leaves during it is, like all the others."""
    urn = Urn()
    intake = urn.intake()
    async with intake.working():
        first = await stalled(urn, intake)
        rest = posted(intake, "a", "b", "c")
        await _turns()
        first.cancel()
        rest[1].cancel()
        await _turns()
        urn.open.set()
        assert await outcomes([rest[0], rest[2]]) == ["counted"] * 2
    assert urn.groups == [["first"], ["a", "c"]]


async def test_the_end_leaves_nobody_waiting() -> None:
    """A graceful end counts what waits and takes nothing new."""
    urn = Urn()
    intake = urn.intake(group=2)
    async with intake.working():
        waiting = [await stalled(urn, intake), *posted(intake, "a", "b", "c")]
        await _turns()
        urn.open.set()
    assert await outcomes(waiting) == ["counted"] * 4
    assert await outcomes(posted(intake, "late")) == [TooBusy]


async def test_what_waits_and_what_failed_is_counted() -> None:
    """Operators see how many ballots wait, and each group that failed, by cause."""
    failures = {cause: _sample("voting_intake_group_failures_total", cause=cause) for cause in ("ballot", "database")}
    urn, waited = Urn(poison={"bug": ZeroDivisionError(), "gone": ConnectionResetError()}), list[float]()

    async def count(cast_ballots: Sequence[CastBallot]) -> Sequence[Counted | Rejected]:
        waited.append(_sample("voting_intake_waiting"))
        return await urn.count(cast_ballots)

    async with Intake(count, room=100, group=2).working() as intake:
        first = await stalled(urn, intake)
        rest = posted(intake, "a", "b", "c", "bug", "gone")
        await _turns()
        urn.open.set()
        await outcomes([first, *rest])
    assert max(waited) == 3
    assert _sample("voting_intake_waiting") == 0
    for cause, before in failures.items():
        assert _sample("voting_intake_group_failures_total", cause=cause) > before


def _sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0
