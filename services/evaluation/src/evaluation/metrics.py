"""What operators watch. Sums only: no initiative, no person, no score."""

from typing import Final

from prometheus_client import Counter

MOVES: Final = Counter("evaluation_initiative_moves_total", "Steps initiatives took over HTTP, by step.", ["move"])
OPINIONS: Final = Counter("evaluation_opinions_total", "Opinions given or changed.")
APPLICATIONS: Final = Counter("evaluation_applications_total", "Applications to panels, made or changed.")
SCORES: Final = Counter("evaluation_scores_total", "Scores given or changed, by track: panel or open.", ["track"])
ROUNDS: Final = Counter(
    "evaluation_rounds_total",
    "Rounds that moved on, by what happened: opened, drawn, published or cancelled.",
    ["moved"],
)
