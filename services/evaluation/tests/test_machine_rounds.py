"""E8 to E14 in any order: rounds open, are applied for, drawn, scored, published or cancelled, and add up by hand."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from services.evaluation.tests.strategies import CITIZENS, WORKS, Turns
from townhall.testing.state_machines import Action, action

ANY = st.integers(0, 5)
WHO = st.sampled_from(CITIZENS)
ACT = st.sampled_from(["draw", "draw", "draw with another seed", "publish", "publish", "cancel"])
SCORE, STRAY = st.integers(0, 100), st.sampled_from([*[False] * 19, True])
MOMENT = st.sampled_from([None, -timedelta(microseconds=1), timedelta(0)])
"""From the closing of applications; or none, to see what happens now."""
WHERE = st.tuples(st.sampled_from(["서울", "부산", "서울", "부산", "nowhere"]), st.sampled_from(["female", "male"]))


class Rounds(Turns):
    """Rounds, played in any order."""

    @initialize(verified=st.booleans(), seats=st.integers(2, 4), strata=st.lists(WHERE, min_size=2, max_size=5))
    def begin(self, *, verified: bool, seats: int, strata: list[tuple[str, str]]) -> None:
        """Work was done, a round is open, and some citizens have applied."""
        for number in WORKS[:-1]:
            self.work(number, verified=verified)
        self.open({0}, seats, 9)
        for who, where in zip(CITIZENS, strata, strict=False):
            self.apply(0, who, where)

    @rule(
        to=st.one_of(
            action("wait", days=st.sampled_from([1, 1, 3, 7, 70])),
            action("work", number=st.sampled_from(WORKS), verified=st.booleans()),
            action(
                "open",
                numbers=st.sets(st.sampled_from(WORKS), min_size=1),
                seats=st.integers(1, 4),
                days=st.integers(0, 9),
            ),
            action(
                "apply_together",
                number=ANY,
                asked=st.lists(st.tuples(WHO, WHERE), min_size=1, max_size=6),
                until=MOMENT,
            ),
            action("secretary", number=ANY, act=ACT, until=MOMENT),
            action(
                "score_together",
                number=ANY,
                cast_ballots=st.lists(STRAY, min_size=10, max_size=10),
                given=st.lists(SCORE, min_size=10, max_size=10),
            ),
            action("tell"),
        )
    )
    def go_on(self, to: Action) -> None:
        """Take any turn."""
        self.perform(to)

    @invariant()
    def every_round_stands_where_the_model_has_it(self) -> None:
        """E8 to E12, E14: state, due date and panel; and its initiatives where their own history leads."""
        for number, (found, survey) in enumerate(zip(self.rounds, self.surveys, strict=True)):
            assert (found.state, found.due_at) == (survey.stands, survey.due)
            assert (found.seed is None) is (not self.drawn[number])
            assert len(self.tickets[number]) == len(survey.strata)
        assert [each.state for each in self.initiatives] == [work.stands for work in self.works]

    @invariant()
    def every_result_was_added_up_right(self) -> None:
        """E12: all works of a published round have a result, no other has, and each is what a person works out."""
        ended = [number for number, survey in enumerate(self.surveys) if survey.stands == "published"]
        assert set(self.published) == {(number, work) for number in ended for work in self.surveys[number].works}
        for (number, work), found in self.published.items():
            by_hand = self.surveys[number].result(work)
            assert (found.panel_score, found.open_score, found.weighted_score) == by_hand


TestRounds = Rounds.TestCase
TestRounds.settings = settings(max_examples=200, stateful_step_count=25)
