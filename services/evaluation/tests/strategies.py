"""Turns of rounds, by the rules and by the naive model side by side."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from evaluation.domain import delivery, lot, score
from evaluation.domain import round as rounds
from evaluation.domain.delivery import Directive
from evaluation.domain.lot import Ticket
from evaluation.domain.round import Round
from evaluation.domain.score import Count, Result, Tally, Track
from services.evaluation.tests.model import DAY, FEWEST, Survey, Work
from services.evaluation.tests.samples import parameters
from townhall.contracts.values import DirectiveId, InitiativeId, Outcome, RoundId, RuleUsed, TaskId
from townhall.testing.state_machines import Machine

START = datetime(2027, 7, 1, 9, tzinfo=UTC)
DUE = date(2027, 12, 31)
PARAMETERS = parameters(minimum_scores=FEWEST, regions=("서울", "부산"))
SEED = "공정한 추첨"
WORKS = range(3)
CITIZENS = "김이박최정"


class Turns(Machine):
    """The rules and the naive model side by side: each step is taken or refused by both, and leaves both the same."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        directives = [
            Directive(DirectiveId(UUID(int=n)), TaskId(UUID(int=n)), "일", "부처", DUE, Outcome.ADOPTED) for n in WORKS
        ]
        self.initiatives = [delivery.open_initiative(each, START) for each in directives]
        self.works = [Work(DUE) for _ in WORKS]
        self.rounds: list[Round] = []
        self.surveys: list[Survey] = []
        self.tickets: list[dict[str, Ticket]] = []
        """By round, what each citizen applied with."""
        self.drawn: list[frozenset[str]] = []
        self.scores: dict[tuple[int, str, int, Track], int] = {}
        self.published: dict[tuple[int, int], Result] = {}

    def wait(self, days: int) -> None:
        """Time passes."""
        self.now += DAY * days

    def work(self, number: int, *, verified: bool) -> None:
        """A responsible body gets a step further; the Support Unit verifies what is done."""
        found, work = self.initiatives[number], self.works[number]
        if work.stands == "planned":
            found = delivery.complete(delivery.start(found, self.now), "", self.now)
            work.happened += ["started", "done"]
        if work.stands == "done" and verified:
            found = delivery.verify(found, "", self.now)
            work.happened.append("verified")
        self.initiatives[number] = found

    def open(self, numbers: set[int], seats: int, days: int) -> None:
        """The secretary opens a round, unless another one has its initiatives; that is the store's to refuse."""
        works, closes = sorted(numbers), self.now + DAY * days
        busy = [work for survey in self.surveys if survey.stands != "cancelled" for work in survey.works]
        if numbers & set(busy):
            return
        refused = {"panel-too-small"} if seats < FEWEST else set()
        refused |= {"closing-not-ahead"} if not days else set()
        ready = all(self.works[work].stands in {"done", "verified"} for work in works)
        refused |= set() if ready else {"initiative-not-ready-for-evaluation"}
        self.check(refused, lambda: self.take(works, seats, closes), lambda: self.note(works, seats, closes))

    def take(self, works: list[int], seats: int, closes: datetime) -> None:
        """Open a round by the rules."""
        ids = tuple(self.initiatives[work].id for work in works)
        key, rule_used = RoundId(UUID(int=len(self.rounds))), RuleUsed(version=1, article="제1조")
        new = Round(key, "평가", ids, seats, lot.sha256(SEED), closes, self.now, rule_used)
        self.rounds.append(rounds.open_round(new, [self.initiatives[work].state for work in works], PARAMETERS))
        self.tickets.append({})
        self.drawn.append(frozenset())

    def note(self, works: list[int], seats: int, closes: datetime) -> None:
        """Write a round down."""
        self.surveys.append(Survey(works, seats, closes, closes + 7 * DAY))

    def apply_together(self, number: int, asked: list[tuple[str, tuple[str, str]]], until: timedelta | None) -> None:
        """Citizens apply now, or just before or just when applications close."""
        number = self.some("applying", number)
        if until is not None:
            self.now = max(self.now, self.surveys[number].closes_at + until)
        for who, where in asked:
            self.apply(number, who, where)

    def some(self, state: str, number: int) -> int:
        """Pick a round; one in that state, when there is one."""
        there = [at for at, survey in enumerate(self.surveys) if survey.stands == state] or range(len(self.surveys))
        return there[number % len(there)]

    def apply(self, number: int, who: str, where: tuple[str, str]) -> None:
        """A citizen applies, or says once more, and otherwise, where they live."""
        survey, mine = self.surveys[number], self.tickets[number]
        ticket = Ticket(mine[who].ticket if who in mine else lot.sha256(f"{number}{who}"), where[0], "20-39", where[1])
        self.check(
            survey.may_apply(where[0], self.now),
            lambda: mine.update({who: rounds.apply(self.rounds[number], ticket, PARAMETERS, self.now)}),
            lambda: survey.strata.update({who: where}),
        )

    def secretary(self, number: int, act: str, until: timedelta | None) -> None:
        """The secretary draws the panel, publishes the results or gives a round up."""
        if act == "cancel":
            self.cancel(number % len(self.rounds))
        elif act == "publish":
            self.publish(self.some("scoring", number))
        else:
            self.draw(self.some("applying", number), honest=act == "draw", until=until)

    def draw(self, number: int, *, honest: bool, until: timedelta | None) -> None:
        """The secretary shows the seed, now, or just before or when applications close."""
        if until is not None:
            self.now = max(self.now, self.surveys[number].closes_at + until)
        survey, frame = self.surveys[number], list(self.tickets[number].values())

        def take() -> None:
            seed = SEED if honest else "another"
            self.rounds[number], self.drawn[number] = rounds.draw(
                self.rounds[number], seed, frame, PARAMETERS, self.now
            )
            assert lot.draw(frame[::-1], survey.seats, SEED) == self.drawn[number]

        self.check(survey.may_draw(honest=honest, now=self.now), take, lambda: self.seated(number))

    def seated(self, number: int) -> None:
        """Write the panel down; each stratum must have its share, rounded down or up."""
        survey = self.surveys[number]
        survey.stands, survey.due = "scoring", self.now + 60 * DAY
        survey.panel = {who for who, ticket in self.tickets[number].items() if ticket.ticket in self.drawn[number]}
        seats, people = min(survey.seats, len(survey.strata)), list(survey.strata.values())
        assert len(survey.panel) == seats
        for where in set(people):
            share = seats * people.count(where)
            seated = [survey.strata[who] for who in survey.panel].count(where)
            assert share // len(people) <= seated <= -(-share // len(people))

    def score_together(self, number: int, cast_ballots: list[bool], given: list[int]) -> None:
        """Five citizens score two works, each in their own track or by a cast_ballot in the other one."""
        number = self.some("scoring", number)
        works = [*self.surveys[number].works, *WORKS][:2]
        for at, (value, stray) in enumerate(zip(given, cast_ballots, strict=True)):
            self.score(number, CITIZENS[at % 5], works[at // 5], given=value, stray=stray)

    def score(self, number: int, who: str, work: int, *, given: int, stray: bool) -> None:
        """A citizen scores a work; a later score takes its place."""
        survey = self.surveys[number]
        on_panel = who in survey.panel
        track = Track.PANEL if on_panel is not stray else Track.OPEN

        def take() -> None:
            score.accept(self.rounds[number], self.initiatives[work].id, track, on_panel=on_panel)
            self.scores[number, who, work, track] = given

        self.check(survey.may_score(who, work, track), take, lambda: survey.given.append((who, work, given)))

    def publish(self, number: int) -> None:
        """The secretary publishes all results of a round, or none."""
        survey = self.surveys[number]
        self.check(
            survey.may_publish(self.works), lambda: self.results(number), lambda: self.ended(number, "published")
        )

    def results(self, number: int) -> None:
        """Publish by the rules."""
        ended = rounds.publish(self.rounds[number], self.now)
        works = self.surveys[number].works
        found = {(number, work): self.result(ended, number, work) for work in works}
        evaluated = {work: delivery.evaluate(self.initiatives[work]) for work in works}
        self.rounds[number] = ended
        self.published |= found
        for work, initiative in evaluated.items():
            self.initiatives[work] = initiative

    def result(self, ended: Round, number: int, work: int) -> Result:
        """Add up as the store does: the scores of each track that stand."""
        panel, others = (
            [value for key, value in self.scores.items() if (key[0], key[2], key[3]) == (number, work, track)]
            for track in (Track.PANEL, Track.OPEN)
        )
        tallies = (Tally(len(panel), sum(panel)), Tally(len(others), sum(others)))
        count = Count(InitiativeId(self.initiatives[work].id), len(self.drawn[number]), *tallies)
        return score.result(ended, count, PARAMETERS, self.now)

    def cancel(self, number: int) -> None:
        """The secretary gives a round up; its initiatives are free for another one."""

        def take() -> None:
            self.rounds[number] = rounds.cancel(self.rounds[number], "irregularity", "", self.now)

        self.check(self.surveys[number].may_cancel(), take, lambda: self.ended(number, "cancelled"))

    def ended(self, number: int, how: str) -> None:
        """Write down that a round ended."""
        survey = self.surveys[number]
        survey.stands, survey.due = how, None
        for work in survey.works if how == "published" else ():
            self.works[work].happened.append("evaluated")

    def tell(self) -> None:
        """The timer tells of every draw and publication that is late, once."""
        for number, (found, survey) in enumerate(zip(self.rounds, self.surveys, strict=True)):
            late = survey.due is not None and survey.due < self.now
            assert rounds.overdue(found, self.now) == (late and found.overdue_for != survey.due)
            if rounds.overdue(found, self.now):
                self.rounds[number] = replace(found, overdue_for=found.due_at)
                assert not rounds.overdue(self.rounds[number], self.now)
