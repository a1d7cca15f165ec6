"""The metrics of evaluation. Sums only: no label holds an initiative, a person or a score (E15)."""

from typing import Final

from prometheus_client import Counter

MOVES: Final = Counter("evaluation_initiative_moves_total", "Moves of initiatives made over HTTP, by move.", ["move"])
OPINIONS: Final = Counter("evaluation_opinions_total", "Opinions given or changed.")
APPLICATIONS: Final = Counter("evaluation_applications_total", "Applications to panels, made or changed.")
SCORES: Final = Counter("evaluation_scores_total", "Scores given or changed, by track: panel or open.", ["track"])
ROUNDS: Final = Counter(
    "evaluation_rounds_total",
    "Rounds that changed state, by move: opened, drawn, published or cancelled.",
    ["move"],
)
