"""E8 to E14 against a reference model: rounds open, are drawn, scored, published or cancelled, in any order."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from services.evaluation.tests.round_machine import CITIZENS, INITIATIVES, RoundMachine
from townhall.testing.state_machines import Action, action, runs

ANY = st.integers(0, 5)
CITIZEN = st.sampled_from(CITIZENS)
ACT = st.sampled_from(["draw", "draw", "draw with another seed", "publish", "publish", "cancel"])
SCORE, WRONG_TRACK = st.integers(0, 100), st.sampled_from([*[False] * 19, True])
OFFSET = st.sampled_from([None, -timedelta(microseconds=1), timedelta(0)])
"""Offset from the closing of applications; None for now."""
STRATUM = st.tuples(st.sampled_from(["서울", "부산", "서울", "부산", "nowhere"]), st.sampled_from(["female", "male"]))


class Rounds(RoundMachine):
    """Takes the steps of rounds in any order."""

    @initialize(verified=st.booleans(), seats=st.integers(2, 4), strata=st.lists(STRATUM, min_size=2, max_size=5))
    def begin(self, *, verified: bool, seats: int, strata: list[tuple[str, str]]) -> None:
        """Some initiatives are done, a round is open, and some citizens have applied."""
        for number in INITIATIVES[:-1]:
            self.finish(number, verified=verified)
        self.open({0}, seats, 9)
        for citizen, stratum in zip(CITIZENS, strata, strict=False):
            self.apply(0, citizen, stratum)

    @rule(
        to=st.one_of(
            action("wait", days=st.sampled_from([1, 1, 3, 7, 70])),
            action("finish", number=st.sampled_from(INITIATIVES), verified=st.booleans()),
            action(
                "open",
                numbers=st.sets(st.sampled_from(INITIATIVES), min_size=1),
                seats=st.integers(1, 4),
                days=st.integers(0, 9),
            ),
            action(
                "apply_all",
                number=ANY,
                applications=st.lists(st.tuples(CITIZEN, STRATUM), min_size=1, max_size=6),
                offset=OFFSET,
            ),
            action("secretary", number=ANY, act=ACT, offset=OFFSET),
            action(
                "score_all",
                number=ANY,
                wrong_tracks=st.lists(WRONG_TRACK, min_size=10, max_size=10),
                given=st.lists(SCORE, min_size=10, max_size=10),
            ),
            action("announce_overdue"),
        )
    )
    def step_once(self, to: Action) -> None:
        """Take any one step."""
        self.perform(to)

    @invariant()
    def every_round_agrees_with_its_model(self) -> None:
        """E8 to E12, E14: state, due time, seed and applications of each round, and the states of initiatives."""
        for number, (found, model) in enumerate(zip(self.rounds, self.models, strict=True)):
            assert (found.state, found.due_at) == (model.state, model.due)
            assert (found.seed is None) is (not self.drawn[number])
            assert len(self.tickets[number]) == len(model.strata)
        assert [each.state for each in self.initiatives] == [each.state for each in self.initiative_models]

    @invariant()
    def every_result_agrees_with_the_model(self) -> None:
        """E12: exactly the initiatives of published rounds have a result, equal to the model's."""
        ended = [number for number, model in enumerate(self.models) if model.state == "published"]
        assert set(self.published) == {
            (number, initiative) for number in ended for initiative in self.models[number].initiatives
        }
        for (number, initiative), found in self.published.items():
            expected = self.models[number].result(initiative)
            assert (found.panel_score, found.open_score, found.weighted_score) == expected


TestRounds = Rounds.TestCase
TestRounds.settings = runs(examples=200, steps=25)
