"""Sample values of proposal's tests."""

from typing import Any

from proposal.domain.parameters import Parameters


def parameters(**changed: Any) -> Parameters:  # noqa: ANN401  any parameter
    """Return the parameters of the first rule version, with these changed."""
    first = {
        "screening_days": 14,
        "voting_days": 30,
        "longest_voting_days": 90,
        "latest_opening_days": 180,
        "proposals_a_day": 10,
        "referral_while_voting": True,
    }
    return Parameters.model_validate(first | changed)
