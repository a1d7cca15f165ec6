"""Support: a citizen supports a proposal at most once, and may withdraw the support at any time."""

from typing import Final

from proposal.domain.lifecycle import Proposal, State
from townhall.rejected import Rejected

OPEN_TO_SUPPORT: Final = frozenset({State.SCREENING, State.ADMITTED})
"""The states in which a proposal accepts new supports (P10)."""


class NotOpenToSupport(Rejected):
    """P10: the proposal is in none of `OPEN_TO_SUPPORT`."""

    code = "not-open-to-support"
    rule = "P10"
    title = "The proposal cannot be supported in its present state."


def require_open(proposal: Proposal) -> None:
    """Check that the proposal accepts new supports (P10). Raises `NotOpenToSupport`."""
    if proposal.state not in OPEN_TO_SUPPORT:
        raise NotOpenToSupport  # P10
