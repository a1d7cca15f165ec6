"""Steps of rounds, taken by the rules and by the reference model side by side."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from evaluation.domain import lifecycle, panel, panel_draw, score
from evaluation.domain import round as rounds
from evaluation.domain.lifecycle import Directive
from evaluation.domain.panel_draw import Ticket
from evaluation.domain.result import InitiativeScores, Result, ScoreTally, compute_result
from evaluation.domain.round import Round
from evaluation.domain.score import Track
from services.evaluation.tests.model import DAY, MINIMUM_SCORES, InitiativeModel, RoundModel
from services.evaluation.tests.samples import parameters
from townhall.contracts.values import DirectiveId, InitiativeId, Outcome, RoundId, RuleUsed, TaskId
from townhall.testing.state_machines import Machine

START = datetime(2027, 7, 1, 9, tzinfo=UTC)
DUE = date(2027, 12, 31)
PARAMETERS = parameters(minimum_scores=MINIMUM_SCORES, regions=("서울", "부산"))
SEED = "공정한 추첨"
INITIATIVES = range(3)
CITIZENS = "김이박최정"


class RoundMachine(Machine):
    """The rules and the reference model: both must accept or refuse each step, and agree afterwards."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        directives = [
            Directive(DirectiveId(UUID(int=n)), TaskId(UUID(int=n)), "일", "부처", DUE, Outcome.ADOPTED)
            for n in INITIATIVES
        ]
        self.initiatives = [lifecycle.open_initiative(each, START) for each in directives]
        self.initiative_models = [InitiativeModel(DUE) for _ in INITIATIVES]
        self.rounds: list[Round] = []
        self.models: list[RoundModel] = []
        self.tickets: list[dict[str, Ticket]] = []
        """By round, the ticket of each applicant."""
        self.drawn: list[frozenset[str]] = []
        self.scores: dict[tuple[int, str, int, Track], int] = {}
        self.published: dict[tuple[int, int], Result] = {}

    def wait(self, days: int) -> None:
        """Advance the clock."""
        self.now += DAY * days

    def finish(self, number: int, *, verified: bool) -> None:
        """Report an initiative as done, or verify it if it is done and `verified` is set."""
        found, model = self.initiatives[number], self.initiative_models[number]
        if model.state == "planned":
            found = lifecycle.complete(lifecycle.start(found, self.now), "", self.now)
            model.history += ["started", "done"]
        if model.state == "done" and verified:
            found = lifecycle.verify(found, "", self.now)
            model.history.append("verified")
        self.initiatives[number] = found

    def open(self, numbers: set[int], seats: int, days: int) -> None:
        """Open a round, unless another one has its initiatives: that is refused by the store."""
        initiatives, closes_at = sorted(numbers), self.now + DAY * days
        taken = [number for model in self.models if model.state != "cancelled" for number in model.initiatives]
        if numbers & set(taken):
            return
        refusals = {"panel-too-small"} if seats < MINIMUM_SCORES else set()
        refusals |= {"closing-not-ahead"} if not days else set()
        ready = all(self.initiative_models[number].state in {"done", "verified"} for number in initiatives)
        refusals |= set() if ready else {"initiative-not-ready-for-evaluation"}
        self.check(
            refusals,
            lambda: self.open_by_rules(initiatives, seats, closes_at),
            lambda: self.models.append(RoundModel(initiatives, seats, closes_at, closes_at + 7 * DAY)),
        )

    def open_by_rules(self, initiatives: list[int], seats: int, closes_at: datetime) -> None:
        """Open a round by the rules."""
        ids = tuple(self.initiatives[number].id for number in initiatives)
        key, rule_used = RoundId(UUID(int=len(self.rounds))), RuleUsed(version=1, article="제1조")
        new = Round(key, "평가", ids, seats, panel_draw.sha256(SEED), closes_at, self.now, rule_used)
        states = [self.initiatives[number].state for number in initiatives]
        self.rounds.append(rounds.open_round(new, states, PARAMETERS))
        self.tickets.append({})
        self.drawn.append(frozenset())

    def apply_all(self, number: int, applications: list[tuple[str, tuple[str, str]]], offset: timedelta | None) -> None:
        """Citizens apply, now or at this offset from the closing of applications."""
        number = self.pick("applying", number)
        if offset is not None:
            self.now = max(self.now, self.models[number].closes_at + offset)
        for citizen, stratum in applications:
            self.apply(number, citizen, stratum)

    def pick(self, state: str, number: int) -> int:
        """Return the number of a round, in this state if there is one."""
        found = [at for at, model in enumerate(self.models) if model.state == state] or range(len(self.models))
        return found[number % len(found)]

    def apply(self, number: int, citizen: str, stratum: tuple[str, str]) -> None:
        """A citizen applies, or changes their stratum."""
        model, tickets = self.models[number], self.tickets[number]
        handle = tickets[citizen].ticket if citizen in tickets else panel_draw.sha256(f"{number}{citizen}")
        ticket = Ticket(handle, stratum[0], "20-39", stratum[1])
        self.check(
            model.apply_refusals(stratum[0], self.now),
            lambda: tickets.update({citizen: panel.apply(self.rounds[number], ticket, PARAMETERS, self.now)}),
            lambda: model.strata.update({citizen: stratum}),
        )

    def secretary(self, number: int, act: str, offset: timedelta | None) -> None:
        """The secretary draws a panel, publishes results or cancels a round."""
        if act == "cancel":
            self.cancel(number % len(self.rounds))
        elif act == "publish":
            self.publish(self.pick("scoring", number))
        else:
            self.draw(self.pick("applying", number), right_seed=act == "draw", offset=offset)

    def draw(self, number: int, *, right_seed: bool, offset: timedelta | None) -> None:
        """Draw a panel, now or at this offset from the closing of applications."""
        if offset is not None:
            self.now = max(self.now, self.models[number].closes_at + offset)
        model, frame = self.models[number], list(self.tickets[number].values())

        def draw_by_rules() -> None:
            seed = SEED if right_seed else "another"
            self.rounds[number], self.drawn[number] = panel.draw(self.rounds[number], seed, frame, PARAMETERS, self.now)
            assert panel_draw.draw(frame[::-1], model.seats, SEED) == self.drawn[number]

        self.check(
            model.draw_refusals(right_seed=right_seed, now=self.now), draw_by_rules, lambda: self.record_panel(number)
        )

    def record_panel(self, number: int) -> None:
        """Record the panel; each stratum must have its share, rounded down or up."""
        model = self.models[number]
        model.state, model.due = "scoring", self.now + 60 * DAY
        model.panel = {
            citizen for citizen, ticket in self.tickets[number].items() if ticket.ticket in self.drawn[number]
        }
        seats, strata = min(model.seats, len(model.strata)), list(model.strata.values())
        assert len(model.panel) == seats
        for stratum in set(strata):
            share = seats * strata.count(stratum)
            seated = [model.strata[citizen] for citizen in model.panel].count(stratum)
            assert share // len(strata) <= seated <= -(-share // len(strata))

    def score_all(self, number: int, wrong_tracks: list[bool], given: list[int]) -> None:
        """Five citizens score two initiatives each, in their own track or in the wrong one."""
        number = self.pick("scoring", number)
        initiatives = [*self.models[number].initiatives, *INITIATIVES][:2]
        for at, (value, wrong_track) in enumerate(zip(given, wrong_tracks, strict=True)):
            self.score(number, CITIZENS[at % 5], initiatives[at // 5], given=value, wrong_track=wrong_track)

    def score(self, number: int, citizen: str, initiative: int, *, given: int, wrong_track: bool) -> None:
        """A citizen scores an initiative; a later score replaces it."""
        model = self.models[number]
        on_panel = citizen in model.panel
        track = Track.PANEL if on_panel is not wrong_track else Track.OPEN

        def score_by_rules() -> None:
            score.accept(self.rounds[number], self.initiatives[initiative].id, track, on_panel=on_panel)
            self.scores[number, citizen, initiative, track] = given

        self.check(
            model.score_refusals(citizen, initiative, track),
            score_by_rules,
            lambda: model.given.append((citizen, initiative, given)),
        )

    def publish(self, number: int) -> None:
        """Publish all results of a round, or none."""
        refusals = self.models[number].publish_refusals(self.initiative_models)
        self.check(refusals, lambda: self.publish_by_rules(number), lambda: self.end(number, "published"))

    def publish_by_rules(self, number: int) -> None:
        """Publish by the rules."""
        ended = rounds.publish(self.rounds[number], self.now)
        initiatives = self.models[number].initiatives
        found = {(number, initiative): self.result(ended, number, initiative) for initiative in initiatives}
        evaluated = {initiative: lifecycle.evaluate(self.initiatives[initiative]) for initiative in initiatives}
        self.rounds[number] = ended
        self.published |= found
        for at, initiative in evaluated.items():
            self.initiatives[at] = initiative

    def result(self, ended: Round, number: int, initiative: int) -> Result:
        """Compute a result from the current scores of each track, as the handler does."""
        panel_scores, others = (
            [value for key, value in self.scores.items() if (key[0], key[2], key[3]) == (number, initiative, track)]
            for track in (Track.PANEL, Track.OPEN)
        )
        tallies = (ScoreTally(len(panel_scores), sum(panel_scores)), ScoreTally(len(others), sum(others)))
        key = InitiativeId(self.initiatives[initiative].id)
        return compute_result(ended, InitiativeScores(key, len(self.drawn[number]), *tallies), PARAMETERS, self.now)

    def cancel(self, number: int) -> None:
        """Cancel a round; its initiatives are free for another one."""

        def cancel_by_rules() -> None:
            self.rounds[number] = rounds.cancel(self.rounds[number], "irregularity", "", self.now)

        self.check(self.models[number].cancel_refusals(), cancel_by_rules, lambda: self.end(number, "cancelled"))

    def end(self, number: int, state: str) -> None:
        """Record that a round ended."""
        model = self.models[number]
        model.state, model.due = state, None
        for initiative in model.initiatives if state == "published" else ():
            self.initiative_models[initiative].history.append("evaluated")

    def announce_overdue(self) -> None:
        """The timer announces every late draw and publication, once."""
        for number, (found, model) in enumerate(zip(self.rounds, self.models, strict=True)):
            late = model.due is not None and model.due < self.now
            assert rounds.overdue(found, self.now) == (late and found.overdue_for != model.due)
            if rounds.overdue(found, self.now):
                self.rounds[number] = replace(found, overdue_for=found.due_at)
                assert not rounds.overdue(self.rounds[number], self.now)
