"""The metrics of evaluation. Sums only: no label holds an initiative, a person or a score (E15)."""

from typing import Final

from prometheus_client import Counter, Gauge

MOVES: Final = Counter("evaluation_initiative_moves_total", "Moves of initiatives made over HTTP, by move.", ["move"])
OPINIONS: Final = Counter("evaluation_opinions_total", "Opinions given or changed.")
APPLICATIONS: Final = Counter("evaluation_applications_total", "Applications to panels, made or changed.")
SCORES: Final = Counter("evaluation_scores_total", "Scores given or changed, by track: panel or open.", ["track"])
INITIATIVES: Final = Gauge("evaluation_initiatives", "Initiatives in the database, by state.", ["state"])
ROUNDS: Final = Gauge("evaluation_rounds", "Evaluation rounds in the database, by state.", ["state"])
OVERDUE: Final = Gauge(
    "evaluation_overdue", "What is past its due date, by kind: initiative, milestone or round.", ["kind"]
)
ROUND_MOVES: Final = Counter(
    "evaluation_round_moves_total",
    "Rounds that changed state, by move: opened, drawn, published or cancelled.",
    ["move"],
)
