"""E1 to E5 in any order: initiatives open, are delayed, reported, verified; every date and milestone is kept."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from evaluation.domain import delivery
from evaluation.domain.delivery import Directive
from evaluation.domain.initiative import Initiative, Milestone
from services.evaluation.tests.model import Work
from townhall.contracts.values import DirectiveId, InitiativeId, MilestoneId, Outcome, TaskId
from townhall.testing.state_machines import Action, Machine, action

AT = datetime(2027, 3, 1, 9, tzinfo=UTC)
START = date(2027, 3, 1)
ANY = st.integers(0, 5)
"""Picks one of what is there."""
DAYS = st.sampled_from([-2, -1, 0, 0, 1, 1, 2, 5])


def milestone(number: int) -> MilestoneId:
    """The milestone of that number."""
    return MilestoneId(UUID(int=number))


class Delivery(Machine):
    """The rules and the naive model side by side: each step is taken or refused by both, and leaves both the same."""

    def __init__(self) -> None:
        super().__init__()
        self.today = START
        self.works: dict[int, Work] = {}
        """By the number of their directive."""
        self.initiatives: dict[InitiativeId, Initiative] = {}
        self.ids: dict[int, InitiativeId] = {}

    def some(self, number: int) -> tuple[Initiative, Work]:
        """Pick an initiative."""
        key = list(self.works)[number % len(self.works)]
        return self.initiatives[self.ids[key]], self.works[key]

    def put(self, initiative: Initiative) -> None:
        """Store what became of an initiative."""
        self.initiatives[initiative.id] = initiative

    @initialize(days=st.lists(st.integers(0, 3), min_size=1, max_size=2))
    def begin(self, days: list[int]) -> None:
        """Some directives came."""
        for number, due_in in enumerate(days):
            self.hear(number, Outcome.ADOPTED, due_in)

    def wait(self, days: int) -> None:
        """Days pass."""
        self.today += timedelta(days=days)

    def hear(self, number: int, outcome: Outcome, days: int) -> None:
        """A directive is received, perhaps once more: the same one opens the same initiative, and what is open stays."""
        due_on = self.today + timedelta(days=days)
        issued = Directive(DirectiveId(UUID(int=number)), TaskId(UUID(int=number)), "버스", "부처", due_on, outcome)

        def take() -> None:
            opened = delivery.open_initiative(issued, AT)
            assert opened.id == self.ids.setdefault(number, opened.id)
            self.initiatives.setdefault(opened.id, opened)

        adopts = outcome in {Outcome.ADOPTED, Outcome.ADOPTED_WITH_CHANGE}
        self.check(set() if adopts else {"not-adopting"}, take, lambda: self.works.setdefault(number, Work(due=due_on)))

    def report(self, number: int, step: str) -> None:
        """The responsible body begins, reports or gives up; it is verified, and citizens' result is published."""
        found, work = self.some(number)
        acts: dict[str, Callable[[], Initiative]] = {
            "started": lambda: delivery.start(found, AT),
            "done": lambda: delivery.complete(found, "", AT),
            "dropped": lambda: delivery.drop(found, "superseded", "", AT),
            "verified": lambda: delivery.verify(found, "", AT),
            "evaluated": lambda: delivery.evaluate(found),
        }
        self.check(work.may(step), lambda: self.put(acts[step]()), lambda: work.happened.append(step))

    def delay(self, number: int, days: int, *, from_today: bool) -> None:
        """The responsible body names a new date, counted from the old one or from today."""
        found, work = self.some(number)
        until = (self.today if from_today else work.due) + timedelta(days=days)
        self.check(
            work.may_delay(until, self.today),
            lambda: self.put(delivery.delay(found, "budget", "", until, today=self.today, at=AT)),
            lambda: work.delay(until),
        )

    def milestone(self, number: int, which: int, *, reached: bool) -> None:
        """A milestone is planned, or reported as reached."""
        found, work = self.some(number)
        if reached:
            self.check(
                work.may_reach(which),
                lambda: self.put(_with(found, delivery.reach_milestone(found, milestone(which), "", AT))),
                lambda: work.milestones.update({which: True}),
            )
        elif which not in work.milestones:
            planned = Milestone(milestone(which), "노선 확정", work.due, AT)
            self.check(
                work.may_plan(self.today),
                lambda: self.put(delivery.plan_milestone(found, planned, today=self.today)),
                lambda: work.milestones.update({which: False}),
            )

    def tell(self) -> None:
        """The timer tells of every due date that passed, once; it may come late, and again."""
        for key, work in self.works.items():
            found = self.initiatives[self.ids[key]]
            assert delivery.overdue(found, self.today) == work.late(self.today)
            if work.late(self.today):
                self.put(replace(found, overdue_for=found.due_on))
                work.told.add(work.due)

    @rule(
        to=st.one_of(
            action("wait", days=st.integers(1, 5)),
            action("hear", number=st.integers(0, 3), outcome=st.sampled_from(Outcome), days=DAYS),
            action(
                "report",
                number=ANY,
                step=st.sampled_from(["started", "started", "done", "done", "verified", "evaluated", "dropped"]),
            ),
            action("delay", number=ANY, days=DAYS, from_today=st.booleans()),
            action("milestone", number=ANY, which=st.integers(0, 1), reached=st.booleans()),
            action("tell"),
        )
    )
    def go_on(self, to: Action) -> None:
        """Take any turn."""
        self.perform(to)

    @invariant()
    def every_initiative_stands_where_its_history_leads(self) -> None:
        """E1 to E5: one for each adopting directive, at the step its history shows, with every date it ever had."""
        assert set(self.initiatives) == {self.ids[key] for key in self.works}
        for key, work in self.works.items():
            found = self.initiatives[self.ids[key]]
            assert (found.state, found.due_on) == (work.stands, work.due)
            assert [each.was_due_on for each in found.delays] == work.dates == sorted(set(work.dates))
            assert {each.id: each.reached_at is not None for each in found.milestones} == {
                milestone(number): reached for number, reached in work.milestones.items()
            }
            assert delivery.overdue(found, self.today) == work.late(self.today)


def _with(found: Initiative, reached: Milestone) -> Initiative:
    kept = tuple(reached if each.id == reached.id else each for each in found.milestones)
    return replace(found, milestones=kept)


TestDelivery = Delivery.TestCase
TestDelivery.settings = settings(max_examples=200, stateful_step_count=30)
