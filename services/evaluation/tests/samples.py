"""Sample values for the tests of evaluation."""

from typing import Any

from evaluation.domain.parameters import Parameters


def parameters(**changed: Any) -> Parameters:  # noqa: ANN401  any parameter
    """Return the first version of the rules, with these parameters changed."""
    initial = {
        "panel_weight": 7,
        "open_weight": 3,
        "panel_size": 120,
        "minimum_scores": 3,
        "draw_days": 7,
        "scoring_days": 60,
        "regions": ("서울", "부산", "전남", "제주"),
        "age_bands": ("under-20", "20-39", "40-59", "60+"),
        "sexes": ("female", "male", "unspecified"),
        "time_zone": "Asia/Seoul",
    }
    return Parameters.model_validate(initial | changed)
