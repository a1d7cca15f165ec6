"""Turns of cases, sittings and meetings, by the rules and by the naive model side by side."""

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
from services.committee.tests.model import ENDED, Committee, Matter, Table
from services.committee.tests.samples import NOON
from townhall.contracts.values import Decision, MeetingId, Outcome, SittingId, TaskId
from townhall.testing.state_machines import Machine

T = TypeVar("T")
Said = tuple[tuple[Stance | str | None, ...], Decision]
MEMBERS = ["han", "choi", "park"]


def task_of(number: int) -> TaskId:
    """The task of that number."""
    return TaskId(UUID(int=number))


def picked(there: Sequence[T], number: int) -> T:
    """One of what is there."""
    return there[number % len(there)]


class Turns(Machine):
    """The rules and the naive model side by side: each step is taken or refused by both, and leaves both the same."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Committee(NOON)
        self.harness = CommitteeHarness()

    @override
    def check(self, refused: set[str], act: Callable[[], object], noted: Callable[[], object]) -> None:
        """Take a step; the model gives places after each one, the rules where handlers have them do it."""
        super().check(refused, act, noted)
        self.model.give()
        self.model.now += timedelta(microseconds=1)

    def case_of(self, task: int) -> tuple[Case, Matter]:
        """Return a case as the rules and as the model know it."""
        return self.harness.cases[case_id_of(task_of(task))], self.model.matters[task]

    def hear(self, task: int, cause: Cause) -> None:
        """A threshold or a referral is received, in any order, and again."""
        self.check(
            set(),
            lambda: self.harness.hear(task_of(task), cause, self.model.now),
            lambda: self.model.hear(task, cause),
        )

    def wait(self, hours: int) -> None:
        """Time passes, and the timer runs."""
        self.model.now += timedelta(hours=hours)
        self.run_timers()

    def run_timers(self) -> None:
        """End what is over."""
        self.harness.end_what_is_over(self.model.now)
        self.model.end_what_is_over()

    def call(self, *, sitting: bool, hours: int | None, capacity: int) -> None:
        """The secretary calls a sitting or a strategy meeting, on the hour, or for the time of the last one called."""
        tables, offset = (self.model.sittings, 1000) if sitting else (self.model.meetings, 2000)
        hour, key = self.model.now.replace(minute=0, second=0, microsecond=0), UUID(int=offset + len(tables))
        starts_at = tables[-1].starts_at if hours is None and tables else hour + timedelta(hours=hours or 0)
        past = {"sitting-in-past" if sitting else "meeting-in-past"}
        self.check(
            past if starts_at <= self.model.now else set(),
            lambda: (
                self.harness.call_sitting(Sitting(SittingId(key), starts_at, capacity), self.model.now)
                if sitting
                else self.harness.call_meeting(Meeting(MeetingId(key), starts_at, capacity), self.model.now)
            ),
            lambda: self.model.call(tables, starts_at, capacity),
        )

    def attend(self, number: int, member: str) -> None:
        """Somebody enters a room."""
        table = self.model.sittings[number]
        self.check(
            self.model.may_come(table),
            lambda: self.harness.attend(number, member, self.model.now),
            lambda: table.present.add(member),
        )

    def open(self, number: int) -> None:
        """The chair opens a sitting."""
        table = self.model.sittings[number]
        self.check(
            self.model.may_open(table),
            lambda: self.harness.open(number, self.model.now),
            lambda: self.model.open(table),
        )

    def sit(self, number: int, hours: int | None, present: int, *, verdicts: list[Said], closes: bool) -> None:
        """A sitting takes place: members come near its time, it opens, decides some of its cases, and closes or not."""
        called = [at for at, table in enumerate(self.model.sittings) if table.phase == "called"]
        number = picked(called or range(len(self.model.sittings)), number)
        table = self.model.sittings[number]
        self.go_to(table, hours)
        for member in MEMBERS[:present]:
            self.attend(number, member)
        self.open(number)
        for task, said in zip(list(table.given), verdicts, strict=False):
            self.deliberate(task, said)
        if closes:
            self.close(number)

    def go_to(self, table: Table, hours: int | None) -> None:
        """Let time pass until so many hours from the table's time."""
        if hours is not None:
            self.model.now = max(self.model.now, table.starts_at + timedelta(hours=hours))
            self.run_timers()

    def deliberate(self, task: int, said: Said) -> None:
        """Members take positions on a case, or stand back, or are silent; the chair decides, or may not."""
        stances, decision = said
        for member, stance in zip(MEMBERS, stances, strict=True):
            if stance == "recuse":
                self.recuse(task, member)
            elif isinstance(stance, Stance):
                self.position(task, member, stance)
        case, matter = self.case_of(task)
        self.check(
            self.model.may_decide(matter, decision),
            lambda: self.harness.decide(case, decision, self.model.now),
            lambda: self.model.decide(matter, decision),
        )

    def speak_anywhere(self, number: int, said: Said) -> None:
        """Members and the chair speak about any case, wherever it is."""
        self.deliberate(picked(self.model.tasks, number), said)

    def position(self, task: int, member: str, stance: Stance) -> None:
        """A member takes a position."""
        case, matter = self.case_of(task)
        self.check(
            self.model.may_speak(matter, member),
            lambda: self.harness.take_position(case, member, stance),
            lambda: matter.stances.update({member: stance}),
        )

    def stand_back(self, number: int, member: str) -> None:
        """Somebody, perhaps the chair, stands back from any case."""
        self.recuse(picked(self.model.tasks, number), member)

    def recuse(self, task: int, member: str) -> None:
        """Somebody stands back from a case."""
        case, matter = self.case_of(task)
        late = matter.stands in ENDED | {"deliberated", "on-agenda"}
        self.check(
            {"case-elsewhere"} if late else set(),
            lambda: self.harness.recuse(case, member),
            lambda: matter.recused.add(member),
        )

    def close_any(self, number: int) -> None:
        """The chair closes a sitting, wherever it stands."""
        self.close(number % len(self.model.sittings))

    def close(self, number: int) -> None:
        """The chair closes a sitting."""
        table = self.model.sittings[number]
        self.check(
            {"sitting-elsewhere"} if table.phase != "open" else set(),
            lambda: self.harness.close(number, self.model.now),
            lambda: self.model.end(table),
        )

    def meet(self, number: int, hours: int | None, results: list[tuple[Outcome, int | None]]) -> None:
        """A meeting takes place, one with an agenda if there is any, and the secretary records outcomes, also twice."""
        full = [at for at, table in enumerate(self.model.meetings) if self.model.on(table)]
        number = picked(full or range(len(self.model.meetings)), number)
        table = self.model.meetings[number]
        self.go_to(table, hours)
        for task, result in zip(table.given * 2 or self.model.tasks, results, strict=False):
            self.record(number, task, *result)

    def record_anything(self, number: int, task: int, result: tuple[Outcome, int | None]) -> None:
        """The secretary records an outcome of any case at any meeting."""
        self.record(number % len(self.model.meetings), picked(self.model.tasks, task), *result)

    def record(self, number: int, task: int, outcome: Outcome, due_in: int | None) -> None:
        """The secretary records an outcome."""
        (case, matter), table, now = self.case_of(task), self.model.meetings[number], self.model.now
        mandate = None if due_in is None else Mandate("부처", "하라", now.date() + timedelta(days=due_in))
        self.check(
            self.model.may_record(table, matter, outcome, due_in),
            lambda: self.harness.record(number, case, outcome, mandate, at=now),
            lambda: self.model.record(table, matter, outcome),
        )
