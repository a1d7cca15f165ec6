"""C1 to C17 in any order: cases come, sittings and meetings are called, held and missed, and nobody is forgotten."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from committee.domain.case import Cause, case_id_of
from committee.domain.deliberation import Stance
from committee.domain.sitting import Sitting
from services.committee.tests.harness import CHAIR
from services.committee.tests.model import ENDED, Table
from services.committee.tests.strategies import MEMBERS, Said, Turns, task_of
from townhall.contracts.values import Decision, MeetingId, Outcome
from townhall.testing.state_machines import Action, action

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


class Docket(Turns):
    """Cases, sittings and meetings, played in any order."""

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

    @rule(
        to=st.one_of(
            action("hear", task=st.integers(0, 6), cause=st.sampled_from(Cause)),
            action("wait", hours=st.integers(1, 60)),
            action("call", sitting=st.booleans(), hours=HOURS, capacity=CAPACITY),
            action("sit", number=ANY, hours=NEAR, present=PRESENT, verdicts=VERDICTS, closes=st.booleans()),
            action("speak_anywhere", number=ANY, said=VERDICT),
            action("stand_back", number=ANY, member=st.sampled_from([*MEMBERS, CHAIR])),
            action("close_any", number=ANY),
            action("meet", number=ANY, hours=NEAR, results=st.lists(RESULT, min_size=2, max_size=4)),
            action("record_anything", number=ANY, task=ANY, result=RESULT),
        )
    )
    def go_on(self, to: Action) -> None:
        """Take any turn."""
        self.perform(to)

    @invariant()
    def every_case_stands_where_the_model_has_it(self) -> None:
        """C1, C16, C17: one case per task with all its causes, at the same step, waiting as long, on the same table."""
        assert len(self.harness.cases) == len(self.model.matters)
        for task in self.model.tasks:
            case, matter = self.case_of(task)
            assert (case.state, case.due.at if case.due else None) == (matter.stands, matter.due)
            assert {cause for case_id, cause in self.harness.causes if case_id == case.case_id} == matter.causes
            assert case.later_than == matter.left
            tabled = matter.stands in ENDED | {"on-agenda"}
            assert case.meeting_id == (self.id_of_meeting(matter.table) if tabled else None)

    def id_of_meeting(self, asked: Table | None) -> MeetingId:
        """The meeting that the model's table is."""
        return next(
            meeting.meeting_id
            for meeting, table in zip(self.harness.meetings, self.model.meetings, strict=True)
            if table is asked
        )

    @invariant()
    def every_place_is_given_as_the_model_gives_it(self) -> None:
        """C2, C3, C12: dockets and agendas name the same cases at the same places, never one too many."""
        for called, tables in (
            (self.harness.sittings, self.model.sittings),
            (self.harness.meetings, self.model.meetings),
        ):
            keys = [each.sitting_id if isinstance(each, Sitting) else each.meeting_id for each in called]
            assert [self.harness.places[key] for key in keys] == [
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
