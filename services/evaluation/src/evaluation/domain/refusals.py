"""What the rules of a round refuse, and in which words."""

from townhall.rejected import NotFound, Rejected


class NoSuchRound(NotFound):
    """No round was opened under that id."""

    code = "no-such-round"
    title = "There is no evaluation round under this id."


class NotReadyForEvaluation(Rejected):
    """Citizens judge results: there must be some."""

    code = "initiative-not-ready-for-evaluation"
    rule = "E8"
    title = "A round is opened only for initiatives that are done or verified."


class UnknownInitiative(Rejected):
    """No directive opened it."""

    code = "unknown-initiative"
    rule = "E8"
    status = 422
    title = "One of the initiatives does not exist."


class InitiativeInAnotherRound(Rejected):
    """An initiative is evaluated in one round at a time."""

    code = "initiative-in-another-round"
    rule = "E8"
    title = "One of the initiatives is already part of another round."


class ClosingNotAhead(Rejected):
    """Nobody could apply."""

    code = "closing-not-ahead"
    rule = "E8"
    status = 422
    title = "Applications must close in the future."


class PanelTooSmall(Rejected):
    """The panel could never give enough scores."""

    code = "panel-too-small"
    rule = "E8"
    status = 422
    title = "The panel is smaller than the number of scores the rule asks for."


class ApplicationsClosed(Rejected):
    """The time to apply is over."""

    code = "applications-closed"
    rule = "E9"
    title = "Applications for this round are closed."


class UnknownStratum(Rejected):
    """The region, age band or sex isn't on the lists of the rule."""

    code = "unknown-stratum"
    rule = "E9"
    status = 422
    title = "The region, age band and sex must be on the lists of the rule the round was opened under."


class NoApplication(NotFound):
    """The caller didn't apply."""

    code = "no-application"
    rule = "E9"
    title = "You did not apply for the panel of this round."


class ApplicationsStillOpen(Rejected):
    """The seed must stay secret while the frame can grow."""

    code = "applications-still-open"
    rule = "E10"
    title = "The panel is drawn after applications have closed."


class TooFewApplicants(Rejected):
    """The panel could never give enough scores."""

    code = "too-few-applicants"
    rule = "E10"
    title = "Fewer citizens applied than the smallest panel the rule allows."


class NotDrawnYet(Rejected):
    """There is no panel yet."""

    code = "not-drawn-yet"
    rule = "E10"
    title = "The panel of this round was not drawn yet."


class NotScoring(Rejected):
    """Scores are given between the draw and the publication."""

    code = "round-not-scoring"
    rule = "E11"
    title = "Scores are given after the panel was drawn and before the results are published."


class NotInThisRound(NotFound):
    """The round doesn't evaluate that initiative."""

    code = "initiative-not-in-this-round"
    rule = "E11"
    title = "The initiative is not part of this round."


class NotOnThePanel(Rejected):
    """The lot didn't fall on the caller."""

    code = "not-on-the-panel"
    rule = "E11"
    status = 403
    title = "Only those drawn for the panel of this round give panel scores."


class OnThePanel(Rejected):
    """Nobody scores twice."""

    code = "on-the-panel"
    rule = "E11"
    status = 403
    title = "Those drawn for the panel score there, and not in the open vote."


class RoundMoveNotAllowed(Rejected):
    """The round's state doesn't allow this step."""

    code = "round-not-in-that-state"
    rule = "E12"
    title = "The state of the round does not allow this step."


class TooFewScores(Rejected):
    """A mean of so few would tell single scores, and prove little."""

    code = "too-few-scores"
    rule = "E12"
    title = "An initiative has fewer panel scores than the rule asks for."


class NotVerified(Rejected):
    """Only what was verified gets a result."""

    code = "initiative-not-verified"
    rule = "E7"
    title = "Every initiative must be verified before its results are published."


class NotPublishedYet(Rejected):
    """Results are public all at once, at the publication."""

    code = "results-not-published-yet"
    rule = "E12"
    title = "The results of this round are not published yet."
