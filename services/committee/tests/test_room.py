"""C2, C3, C11, C12: who gets the next place, whatever is called, opened, deferred and recorded in between."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from committee.domain import case as cases
from committee.domain import room
from committee.domain.case import WAITS_FOR_SITTING, Case, CaseState, Cause, Due
from committee.domain.room import Slot
from services.committee.tests.samples import NOON, a_case
from townhall.contracts.values import TaskId

DUE = Due(NOON, 1)


class Docket(RuleBasedStateMachine):
    """A docket as the Committee keeps it: cases come, sittings are called, held and missed in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.cases: dict[UUID, Case] = {}
        self.slots: dict[UUID, Slot[UUID]] = {}
        self.docket: dict[UUID, list[UUID]] = {}

    sittings = Bundle("sittings")

    def waiting(self) -> list[Case]:
        """Return the cases without a place."""
        return [case for case in self.cases.values() if case.state in WAITS_FOR_SITTING]

    def fill(self) -> None:
        """Give out the places, as every handler does before it commits."""
        ahead = [slot for slot in self.slots.values() if slot.starts_at > self.now]
        for place in room.given(self.waiting(), ahead):
            self.cases[place.case.case_id] = cases.docketed(place.case, place.slot.id)  # type: ignore[arg-type]  # a slot of either kind
            self.docket[place.slot.id].append(place.case.case_id)
            self.slots[place.slot.id] = Slot(place.slot.id, place.slot.starts_at, place.slot.capacity, place.position)

    @rule()
    def open_case(self) -> None:
        """A threshold or referral is heard."""
        task = TaskId(uuid4())
        self.now += timedelta(minutes=1)
        self.cases[task] = self.cases.pop(task, Case(cases.case_id_of(task), task, "t", Cause.REFERRAL, self.now))
        self.cases = {case.case_id: case for case in self.cases.values()}
        self.fill()

    @rule(target=sittings, days=st.integers(1, 5), capacity=st.integers(1, 3))
    def call(self, days: int, capacity: int) -> UUID:
        """The secretary calls a sitting."""
        sitting = uuid4()
        self.slots[sitting] = Slot(sitting, self.now + timedelta(days=days), capacity)
        self.docket[sitting] = []
        self.fill()
        return sitting

    @rule(sitting=consumes(sittings), decided=st.integers(0, 3), early=st.booleans())
    def end(self, sitting: UUID, decided: int, *, early: bool) -> None:
        """The sitting takes place, perhaps before its time, decides some cases, and closes; or nobody opens it."""
        slot = self.slots.pop(sitting)
        self.now = self.now if early else max(self.now, slot.starts_at)
        for index, case_id in enumerate(self.docket[sitting]):
            case = self.cases[case_id]
            if index < decided:
                self.cases[case_id] = case.to(CaseState.IN_DELIBERATION).to(CaseState.DELIBERATED)
            else:
                self.cases[case_id] = cases.deferred(case, later_than=slot.starts_at, due=DUE)
        self.fill()

    @precondition(lambda self: self.slots)
    @rule(hours=st.integers(1, 40))
    def wait(self, hours: int) -> None:
        """Time passes."""
        self.now += timedelta(hours=hours)

    @invariant()
    def never_one_too_many(self) -> None:
        """C3: no sitting has more cases than its capacity, and counts them right."""
        for slot in self.slots.values():
            assert slot.taken == len(self.docket[slot.id]) <= slot.capacity

    @invariant()
    def one_place_each(self) -> None:
        """C2: a docketed case stands on exactly one sitting to be held; a waiting one on none."""
        live = [case_id for sitting in self.slots for case_id in self.docket[sitting]]
        docketed = {case.case_id for case in self.cases.values() if case.state is CaseState.DOCKETED}
        assert len(live) == len(set(live))
        assert set(live) == docketed

    @invariant()
    def nobody_waits_beside_room(self) -> None:
        """C2, C11: a case waits only when no sitting to come, late enough for it, has room."""
        for case in self.waiting():
            assert not [slot for slot in self.slots.values() if self.fits(case, slot.starts_at, slot)]

    def fits(self, case: Case, starts_at: datetime, slot: Slot[UUID]) -> bool:
        """Tell whether the case should have been given this place."""
        late_enough = case.later_than is None or starts_at > case.later_than
        return starts_at > self.now and slot.taken < slot.capacity and late_enough


TestDocket = Docket.TestCase
TestDocket.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_oldest_first_on_the_next_sitting() -> None:
    """C2: the case that waits longest gets the first place of the sitting that starts first."""
    old, new = a_case(), a_case(opened_at=NOON + timedelta(hours=1))
    late, soon = Slot("late", NOON + timedelta(days=9), 1), Slot("soon", NOON + timedelta(days=2), 1)
    places = list(room.given([new, old], [late, soon]))
    assert [(p.case, p.slot.id, p.position) for p in places] == [(old, "soon", 1), (new, "late", 1)]


def test_a_deferred_case_lets_others_have_the_sitting_it_left() -> None:
    """C11: only a later sitting takes it; a younger case isn't kept waiting by it."""
    left, young = a_case(later_than=NOON + timedelta(days=1)), a_case(opened_at=NOON + timedelta(hours=1))
    places = list(room.given([left, young], [Slot("same", NOON + timedelta(days=1), 2)]))
    assert [place.case for place in places] == [young]
