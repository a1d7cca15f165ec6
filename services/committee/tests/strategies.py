"""The steps of the Committee's state machine, taken in the domain and in the naive model side by side."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from typing_extensions import override

from committee.domain.case import Case, Cause, case_id_of
from committee.domain.deliberation import Stance
from committee.domain.meeting import Mandate, Meeting
from committee.domain.sitting import Sitting
from services.committee.tests.harness import CommitteeHarness
from services.committee.tests.model import FINAL, CommitteeModel, ModelCase, ModelSlot
from services.committee.tests.samples import NOON
from townhall.contracts.values import Decision, MeetingId, Outcome, SittingId, TaskId
from townhall.testing.state_machines import Machine

T = TypeVar("T")
Deliberation = tuple[tuple[Stance | str | None, ...], Decision]
"""For each member a stance, `"recuse"`, or None for no position; and the chair's decision."""
MEMBERS = ["han", "choi", "park"]


def task_of(number: int) -> TaskId:
    """Return the id of the task with this number."""
    return TaskId(UUID(int=number))


def pick(candidates: Sequence[T], number: int) -> T:
    """Return one of the candidates."""
    return candidates[number % len(candidates)]


class CommitteeMachine(Machine):
    """Takes each step in the domain and in the model; both must accept or refuse it, and end in the same state."""

    def __init__(self) -> None:
        super().__init__()
        self.model = CommitteeModel(NOON)
        self.harness = CommitteeHarness()

    @override
    def check(self, refused: set[str], act: Callable[[], object], noted: Callable[[], object]) -> None:
        """Take a step, then let the model assign waiting cases and its clock advance by a microsecond."""
        super().check(refused, act, noted)
        self.model.assign_all()
        self.model.now += timedelta(microseconds=1)

    def case_of(self, task: int) -> tuple[Case, ModelCase]:
        """Return the case of a task in the domain and in the model."""
        return self.harness.cases[case_id_of(task_of(task))], self.model.cases[task]

    def receive(self, task: int, cause: Cause) -> None:
        """Receive a threshold or a referral, perhaps again."""
        self.check(
            set(),
            lambda: self.harness.receive(task_of(task), cause, self.model.now),
            lambda: self.model.receive(task, cause),
        )

    def wait(self, hours: int) -> None:
        """Let time pass, and run the timer."""
        self.model.now += timedelta(hours=hours)
        self.run_timer()

    def run_timer(self) -> None:
        """End expired sittings."""
        self.harness.end_expired(self.model.now)
        self.model.end_expired()

    def call(self, *, sitting: bool, hours: int | None, capacity: int) -> None:
        """Call a sitting or a meeting, on the hour; `hours=None` for the time of the last one called."""
        slots, offset = (self.model.sittings, 1000) if sitting else (self.model.meetings, 2000)
        hour, key = self.model.now.replace(minute=0, second=0, microsecond=0), UUID(int=offset + len(slots))
        starts_at = slots[-1].starts_at if hours is None and slots else hour + timedelta(hours=hours or 0)
        past = {"sitting-in-past" if sitting else "meeting-in-past"}
        self.check(
            past if starts_at <= self.model.now else set(),
            lambda: (
                self.harness.call_sitting(Sitting(SittingId(key), starts_at, capacity), self.model.now)
                if sitting
                else self.harness.call_meeting(Meeting(MeetingId(key), starts_at, capacity), self.model.now)
            ),
            lambda: self.model.call(slots, starts_at, capacity),
        )

    def attend(self, number: int, member: str) -> None:
        """Let a member attend a sitting."""
        slot = self.model.sittings[number]
        self.check(
            self.model.attendance_refusals(slot),
            lambda: self.harness.attend(number, member, self.model.now),
            lambda: slot.present.add(member),
        )

    def open(self, number: int) -> None:
        """Open a sitting as the chair."""
        slot = self.model.sittings[number]
        self.check(
            self.model.opening_refusals(slot),
            lambda: self.harness.open(number, self.model.now),
            lambda: self.model.open(slot),
        )

    def sit(
        self, number: int, hours: int | None, present: int, *, deliberations: list[Deliberation], closes: bool
    ) -> None:
        """Let members attend a sitting, open it, deliberate some of its cases, and close it or leave it open."""
        called = [at for at, slot in enumerate(self.model.sittings) if slot.state == "called"]
        number = pick(called or range(len(self.model.sittings)), number)
        slot = self.model.sittings[number]
        self.advance_to(slot, hours)
        for member in MEMBERS[:present]:
            self.attend(number, member)
        self.open(number)
        for task, each in zip(list(slot.assigned), deliberations, strict=False):
            self.deliberate(task, each)
        if closes:
            self.close(number)

    def advance_to(self, slot: ModelSlot, hours: int | None) -> None:
        """Let time pass until this many hours after the slot's time; no time for None."""
        if hours is not None:
            self.model.now = max(self.model.now, slot.starts_at + timedelta(hours=hours))
            self.run_timer()

    def deliberate(self, task: int, each: Deliberation) -> None:
        """Let members take positions or recuse themselves, and the chair decide."""
        stances, decision = each
        for member, stance in zip(MEMBERS, stances, strict=True):
            if stance == "recuse":
                self.recuse(task, member)
            elif isinstance(stance, Stance):
                self.position(task, member, stance)
        case, expected = self.case_of(task)
        self.check(
            self.model.decision_refusals(expected, decision),
            lambda: self.harness.decide(case, decision, self.model.now),
            lambda: self.model.decide(expected, decision),
        )

    def deliberate_any(self, number: int, each: Deliberation) -> None:
        """Deliberate any case, in whatever state it is."""
        self.deliberate(pick(self.model.tasks, number), each)

    def position(self, task: int, member: str, stance: Stance) -> None:
        """Take a position."""
        case, expected = self.case_of(task)
        self.check(
            self.model.position_refusals(expected, member),
            lambda: self.harness.take_position(case, member, stance),
            lambda: expected.stances.update({member: stance}),
        )

    def recuse_any(self, number: int, member: str) -> None:
        """Recuse a member or the chair from any case."""
        self.recuse(pick(self.model.tasks, number), member)

    def recuse(self, task: int, member: str) -> None:
        """Recuse a member from a case."""
        case, expected = self.case_of(task)
        decided = expected.state in FINAL | {"deliberated", "on-agenda"}
        self.check(
            {"case-elsewhere"} if decided else set(),
            lambda: self.harness.recuse(case, member),
            lambda: expected.recused.add(member),
        )

    def close_any(self, number: int) -> None:
        """Close any sitting, in whatever state it is."""
        self.close(number % len(self.model.sittings))

    def close(self, number: int) -> None:
        """Close a sitting."""
        slot = self.model.sittings[number]
        self.check(
            {"sitting-elsewhere"} if slot.state != "open" else set(),
            lambda: self.harness.close(number, self.model.now),
            lambda: self.model.end(slot),
        )

    def meet(self, number: int, hours: int | None, results: list[tuple[Outcome, int | None]]) -> None:
        """Hold a meeting, if possible one with an agenda, and record outcomes, some of them twice."""
        with_agenda = [at for at, slot in enumerate(self.model.meetings) if self.model.cases_of(slot)]
        number = pick(with_agenda or range(len(self.model.meetings)), number)
        slot = self.model.meetings[number]
        self.advance_to(slot, hours)
        for task, result in zip(slot.assigned * 2 or self.model.tasks, results, strict=False):
            self.record(number, task, *result)

    def record_any(self, number: int, task: int, result: tuple[Outcome, int | None]) -> None:
        """Record an outcome of any case at any meeting."""
        self.record(number % len(self.model.meetings), pick(self.model.tasks, task), *result)

    def record(self, number: int, task: int, outcome: Outcome, due_in: int | None) -> None:
        """Record an outcome, with a directive due in this many days, or without one."""
        (case, expected), slot, now = self.case_of(task), self.model.meetings[number], self.model.now
        mandate = None if due_in is None else Mandate("부처", "하라", now.date() + timedelta(days=due_in))
        self.check(
            self.model.outcome_refusals(slot, expected, outcome, due_in),
            lambda: self.harness.record(number, case, outcome, mandate, at=now),
            lambda: self.model.record(slot, expected, outcome),
        )
