"""C1 to C17 in any order: cases come, sittings and meetings are called, held and missed, and nobody is forgotten."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from typing_extensions import override

from committee.domain.case import Case, Cause, case_id_of
from committee.domain.deliberation import Stance
from committee.domain.meeting import Mandate, Meeting
from committee.domain.sitting import Sitting
from services.committee.tests.chamber import CHAIR, Chamber
from services.committee.tests.model import ENDED, Committee, Matter, Table
from services.committee.tests.samples import NOON
from townhall.contracts.values import Decision, MeetingId, Outcome, SittingId, TaskId
from townhall.testing.machines import Machine, Turn, turn

T = TypeVar("T")
Said = tuple[tuple[Stance | str | None, ...], Decision]
MEMBERS = ["han", "choi", "park"]
ANY = st.integers(0, 11)
"""Picks one of what is there."""
HOURS, CAPACITY = st.sampled_from([None, None, -1, 0, 1, 1, 5, 20, 30, 50, 80]), st.sampled_from([1, 1, 2, 3])
NEAR = st.sampled_from([None, -25, -24, -1, 0, 0, 3, 24])
"""Hours from its time, around where it may be held and where it lapses; or none, to see what happens now."""
STANCE = st.sampled_from([None, "recuse", *Stance, Stance.FOR])
PLAINLY: Said = ((Stance.FOR,) * len(MEMBERS), Decision.RECOMMENDED)
VERDICT = st.one_of(
    st.just(PLAINLY),
    st.tuples(st.just((Stance.FOR, Stance.AGAINST, None)), st.sampled_from(Decision)),
    st.tuples(st.tuples(STANCE, STANCE, STANCE), st.sampled_from(Decision)),
)
"""What the members say of a case and what the chair makes of it: plainly for it, a tie, or anything."""
VERDICTS = st.lists(VERDICT, max_size=3)
PRESENT = st.sampled_from([1, 2, 2, 3, 3])
ADOPTED, OTHERS = st.sampled_from([Outcome.ADOPTED, Outcome.ADOPTED_WITH_CHANGE]), st.sampled_from(Outcome)
RESULT = st.one_of(
    st.tuples(ADOPTED, st.sampled_from([0, 1])),
    st.tuples(OTHERS, st.none()),
    st.tuples(OTHERS, st.sampled_from([-1, 0])),
)
"""An outcome, and the days until its directive is due, if it comes with one."""


def task_of(number: int) -> TaskId:
    """The task of that number."""
    return TaskId(UUID(int=number))


def picked(there: Sequence[T], number: int) -> T:
    """One of what is there."""
    return there[number % len(there)]


class Docket(Machine):
    """The rules and the naive model side by side: each step is taken or refused by both, and leaves both the same."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Committee(NOON)
        self.chamber = Chamber()

    @initialize(causes=st.lists(st.sampled_from(Cause), min_size=2, max_size=4), capacity=CAPACITY)
    def begin(self, causes: list[Cause], capacity: int) -> None:
        """Cases have come, a sitting recommended two of them, and two more are called for one and the same time."""
        for task, cause in enumerate(causes):
            self.hear(task, cause)
        self.call(sitting=False, hours=50, capacity=1)
        self.call(sitting=True, hours=5, capacity=2)
        self.sit(0, 0, len(MEMBERS), verdicts=[PLAINLY] * 2, closes=True)
        self.call(sitting=True, hours=30, capacity=capacity)
        self.call(sitting=True, hours=None, capacity=capacity)

    @override
    def step(self, refused: set[str], act: Callable[[], object], noted: Callable[[], object]) -> None:
        """Take a step; the model gives places after each one, the rules where handlers have them do it."""
        super().step(refused, act, noted)
        self.model.give()
        self.model.now += timedelta(microseconds=1)

    def case_of(self, task: int) -> tuple[Case, Matter]:
        """Return a case as the rules and as the model know it."""
        return self.chamber.cases[case_id_of(task_of(task))], self.model.matters[task]

    def hear(self, task: int, cause: Cause) -> None:
        """A threshold or a referral is heard, in any order, and again."""
        self.step(
            set(),
            lambda: self.chamber.hear(task_of(task), cause, self.model.now),
            lambda: self.model.hear(task, cause),
        )

    def wait(self, hours: int) -> None:
        """Time passes, and the timer runs."""
        self.model.now += timedelta(hours=hours)
        self.run_timers()

    def run_timers(self) -> None:
        """End what is over."""
        self.chamber.end_what_is_over(self.model.now)
        self.model.end_what_is_over()

    def call(self, *, sitting: bool, hours: int | None, capacity: int) -> None:
        """The secretary calls a sitting or a strategy meeting, on the hour, or for the time of the last one called."""
        tables, offset = (self.model.sittings, 1000) if sitting else (self.model.meetings, 2000)
        hour, key = self.model.now.replace(minute=0, second=0, microsecond=0), UUID(int=offset + len(tables))
        starts_at = tables[-1].starts_at if hours is None and tables else hour + timedelta(hours=hours or 0)
        past = {"sitting-in-past" if sitting else "meeting-in-past"}
        self.step(
            past if starts_at <= self.model.now else set(),
            lambda: (
                self.chamber.call_sitting(Sitting(SittingId(key), starts_at, capacity), self.model.now)
                if sitting
                else self.chamber.call_meeting(Meeting(MeetingId(key), starts_at, capacity), self.model.now)
            ),
            lambda: self.model.call(tables, starts_at, capacity),
        )

    def attend(self, number: int, member: str) -> None:
        """Somebody enters a room."""
        table = self.model.sittings[number]
        self.step(
            self.model.may_come(table),
            lambda: self.chamber.attend(number, member, self.model.now),
            lambda: table.present.add(member),
        )

    def open(self, number: int) -> None:
        """The chair opens a sitting."""
        table = self.model.sittings[number]
        self.step(
            self.model.may_open(table),
            lambda: self.chamber.open(number, self.model.now),
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
        self.step(
            self.model.may_decide(matter, decision),
            lambda: self.chamber.decide(case, decision, self.model.now),
            lambda: self.model.decide(matter, decision),
        )

    def speak_anywhere(self, number: int, said: Said) -> None:
        """Members and the chair speak about any case, wherever it is."""
        self.deliberate(picked(self.model.tasks, number), said)

    def position(self, task: int, member: str, stance: Stance) -> None:
        """A member takes a position."""
        case, matter = self.case_of(task)
        self.step(
            self.model.may_speak(matter, member),
            lambda: self.chamber.take_position(case, member, stance),
            lambda: matter.stances.update({member: stance}),
        )

    def stand_back(self, number: int, member: str) -> None:
        """Somebody, perhaps the chair, stands back from any case."""
        self.recuse(picked(self.model.tasks, number), member)

    def recuse(self, task: int, member: str) -> None:
        """Somebody stands back from a case."""
        case, matter = self.case_of(task)
        late = matter.stands in ENDED | {"deliberated", "tabled"}
        self.step(
            {"case-elsewhere"} if late else set(),
            lambda: self.chamber.recuse(case, member),
            lambda: matter.recused.add(member),
        )

    def close_any(self, number: int) -> None:
        """The chair closes a sitting, wherever it stands."""
        self.close(number % len(self.model.sittings))

    def close(self, number: int) -> None:
        """The chair closes a sitting."""
        table = self.model.sittings[number]
        self.step(
            {"sitting-elsewhere"} if table.phase != "open" else set(),
            lambda: self.chamber.close(number, self.model.now),
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
        self.step(
            self.model.may_record(table, matter, outcome, due_in),
            lambda: self.chamber.record(number, case, outcome, mandate, at=now),
            lambda: self.model.record(table, matter, outcome),
        )

    @rule(
        to=st.one_of(
            turn("hear", task=st.integers(0, 6), cause=st.sampled_from(Cause)),
            turn("wait", hours=st.integers(1, 60)),
            turn("call", sitting=st.booleans(), hours=HOURS, capacity=CAPACITY),
            turn("sit", number=ANY, hours=NEAR, present=PRESENT, verdicts=VERDICTS, closes=st.booleans()),
            turn("speak_anywhere", number=ANY, said=VERDICT),
            turn("stand_back", number=ANY, member=st.sampled_from([*MEMBERS, CHAIR])),
            turn("close_any", number=ANY),
            turn("meet", number=ANY, hours=NEAR, results=st.lists(RESULT, min_size=2, max_size=4)),
            turn("record_anything", number=ANY, task=ANY, result=RESULT),
        )
    )
    def go_on(self, to: Turn) -> None:
        """Take any turn."""
        self.play(to)

    @invariant()
    def every_case_stands_where_the_model_has_it(self) -> None:
        """C1, C16, C17: one case per task with all its causes, at the same step, waiting as long, on the same table."""
        assert len(self.chamber.cases) == len(self.model.matters)
        for task in self.model.tasks:
            case, matter = self.case_of(task)
            assert (case.state, case.due.at if case.due else None) == (matter.stands, matter.due)
            assert {cause for case_id, cause in self.chamber.causes if case_id == case.case_id} == matter.causes
            assert case.later_than == matter.left
            tabled = matter.stands in ENDED | {"tabled"}
            assert case.meeting_id == (self.id_of_meeting(matter.table) if tabled else None)

    def id_of_meeting(self, asked: Table | None) -> MeetingId:
        """The meeting that the model's table is."""
        return next(
            meeting.meeting_id
            for meeting, table in zip(self.chamber.meetings, self.model.meetings, strict=True)
            if table is asked
        )

    @invariant()
    def every_place_is_given_as_the_model_gives_it(self) -> None:
        """C2, C3, C12: dockets and agendas name the same cases at the same places, never one too many."""
        for called, tables in (
            (self.chamber.sittings, self.model.sittings),
            (self.chamber.meetings, self.model.meetings),
        ):
            keys = [each.sitting_id if isinstance(each, Sitting) else each.meeting_id for each in called]
            assert [self.chamber.places[key] for key in keys] == [
                [case_id_of(task_of(task)) for task in table.given] for table in tables
            ]
            assert [each.state for each in called] == [table.phase for table in tables]
            assert all(len(table.given) <= table.capacity for table in tables)

    @invariant()
    def nobody_waits_beside_room(self) -> None:
        """C2, C11, C12: whoever waits finds no table to come that has room and is late enough."""
        for matter in self.model.matters.values():
            tables = {
                "opened": self.model.sittings,
                "deferred": self.model.sittings,
                "deliberated": self.model.meetings,
            }
            assert not [table for table in tables.get(matter.stands, []) if self.model.free(table, matter.left)]

    @invariant()
    def nobody_is_tabled_twice(self) -> None:
        """C12: a case stands on one agenda at a time, and on none again once it ended."""
        for task, matter in self.model.matters.items():
            agendas = [table for table in self.model.meetings if task in table.given and table is not matter.table]
            assert all(table.phase == "held" for table in agendas)
            assert all(table.given.count(task) == 1 for table in agendas)


TestDocket = Docket.TestCase
TestDocket.settings = settings(max_examples=200, stateful_step_count=20)
