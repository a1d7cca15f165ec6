"""E1 to E5 against a reference model: initiatives open, are delayed, reported and verified, in any order."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from evaluation.domain import lifecycle
from evaluation.domain import milestone as milestones
from evaluation.domain.initiative import Initiative, Milestone
from evaluation.domain.lifecycle import Directive
from services.evaluation.tests.model import InitiativeModel
from townhall.contracts.values import DirectiveId, InitiativeId, MilestoneId, Outcome, TaskId
from townhall.testing.state_machines import Action, Machine, action, runs

AT = datetime(2027, 3, 1, 9, tzinfo=UTC)
START = date(2027, 3, 1)
ANY = st.integers(0, 5)
"""A number that selects an initiative, modulo how many there are."""
DAYS = st.sampled_from([-2, -1, 0, 0, 1, 1, 2, 5])


def milestone_id(number: int) -> MilestoneId:
    """Return the id of a milestone."""
    return MilestoneId(UUID(int=number))


class InitiativeMachine(Machine):
    """The rules and the reference model: both must accept or refuse each step, and agree afterwards."""

    def __init__(self) -> None:
        super().__init__()
        self.today = START
        self.models: dict[int, InitiativeModel] = {}
        """By the number of the directive."""
        self.initiatives: dict[InitiativeId, Initiative] = {}
        self.ids: dict[int, InitiativeId] = {}

    def pick(self, number: int) -> tuple[Initiative, InitiativeModel]:
        """Return an initiative and its model."""
        key = list(self.models)[number % len(self.models)]
        return self.initiatives[self.ids[key]], self.models[key]

    def put(self, initiative: Initiative) -> None:
        """Store an initiative."""
        self.initiatives[initiative.id] = initiative

    @initialize(days=st.lists(st.integers(0, 3), min_size=1, max_size=2))
    def begin(self, days: list[int]) -> None:
        """Consume some directives."""
        for number, due_in in enumerate(days):
            self.consume(number, Outcome.ADOPTED, due_in)

    def wait(self, days: int) -> None:
        """Advance the clock."""
        self.today += timedelta(days=days)

    def consume(self, number: int, outcome: Outcome, days: int) -> None:
        """Consume a directive, possibly again: it opens the same initiative, and an open one is unchanged."""
        due_on = self.today + timedelta(days=days)
        issued = Directive(DirectiveId(UUID(int=number)), TaskId(UUID(int=number)), "버스", "부처", due_on, outcome)

        def open_by_rules() -> None:
            opened = lifecycle.open_initiative(issued, AT)
            assert opened.id == self.ids.setdefault(number, opened.id)
            self.initiatives.setdefault(opened.id, opened)

        adopts = outcome in {Outcome.ADOPTED, Outcome.ADOPTED_WITH_CHANGE}
        self.check(
            set() if adopts else {"not-adopting"},
            open_by_rules,
            lambda: self.models.setdefault(number, InitiativeModel(due=due_on)),
        )

    def report(self, number: int, step: str) -> None:
        """Take a step that is reported, verified or published."""
        found, model = self.pick(number)
        acts: dict[str, Callable[[], Initiative]] = {
            "started": lambda: lifecycle.start(found, AT),
            "done": lambda: lifecycle.complete(found, "", AT),
            "dropped": lambda: lifecycle.drop(found, "superseded", "", AT),
            "verified": lambda: lifecycle.verify(found, "", AT),
            "evaluated": lambda: lifecycle.evaluate(found),
        }
        self.check(model.refusals(step), lambda: self.put(acts[step]()), lambda: model.history.append(step))

    def delay(self, number: int, days: int, *, from_today: bool) -> None:
        """Move the due date, to a day counted from the old one or from today."""
        found, model = self.pick(number)
        until = (self.today if from_today else model.due) + timedelta(days=days)
        self.check(
            model.delay_refusals(until, self.today),
            lambda: self.put(lifecycle.delay(found, "budget", "", until, today=self.today, at=AT)),
            lambda: model.delay(until),
        )

    def milestone(self, number: int, which: int, *, reached: bool) -> None:
        """Plan a milestone, or report it as reached."""
        found, model = self.pick(number)
        if reached:
            self.check(
                model.reach_refusals(which),
                lambda: self.put(_with(found, milestones.reach_milestone(found, milestone_id(which), "", AT))),
                lambda: model.milestones.update({which: True}),
            )
        elif which not in model.milestones:
            planned = Milestone(milestone_id(which), "노선 확정", model.due, AT)
            self.check(
                model.plan_refusals(self.today),
                lambda: self.put(milestones.plan_milestone(found, planned, today=self.today)),
                lambda: model.milestones.update({which: False}),
            )

    def announce_overdue(self) -> None:
        """Announce every passed due date, once."""
        for key, model in self.models.items():
            found = self.initiatives[self.ids[key]]
            assert lifecycle.overdue(found, self.today) == model.overdue(self.today)
            if model.overdue(self.today):
                self.put(replace(found, overdue_for=found.due_on))
                model.announced.add(model.due)

    @rule(
        to=st.one_of(
            action("wait", days=st.integers(1, 5)),
            action("consume", number=st.integers(0, 3), outcome=st.sampled_from(Outcome), days=DAYS),
            action(
                "report",
                number=ANY,
                step=st.sampled_from(["started", "started", "done", "done", "verified", "evaluated", "dropped"]),
            ),
            action("delay", number=ANY, days=DAYS, from_today=st.booleans()),
            action("milestone", number=ANY, which=st.integers(0, 1), reached=st.booleans()),
            action("announce_overdue"),
        )
    )
    def step_once(self, to: Action) -> None:
        """Take any one step."""
        self.perform(to)

    @invariant()
    def every_initiative_agrees_with_its_model(self) -> None:
        """E1 to E5: one initiative per adopting directive, with the state, dates and milestones of the model."""
        assert set(self.initiatives) == {self.ids[key] for key in self.models}
        for key, model in self.models.items():
            found = self.initiatives[self.ids[key]]
            assert (found.state, found.due_on) == (model.state, model.due)
            assert [each.was_due_on for each in found.delays] == model.earlier_dates == sorted(set(model.earlier_dates))
            assert {each.id: each.reached_at is not None for each in found.milestones} == {
                milestone_id(number): reached for number, reached in model.milestones.items()
            }
            assert lifecycle.overdue(found, self.today) == model.overdue(self.today)


def _with(found: Initiative, reached: Milestone) -> Initiative:
    milestones_after = tuple(reached if each.id == reached.id else each for each in found.milestones)
    return replace(found, milestones=milestones_after)


TestInitiatives = InitiativeMachine.TestCase
TestInitiatives.settings = runs(examples=200, steps=30)
