"""Support: a citizen stands behind a proposal, once, and may step back at any time."""

from typing import Final

from proposal.domain.lifecycle import Proposal, State
from townhall.rejected import Rejected

OPEN_TO_SUPPORT: Final = frozenset({State.SCREENING, State.ADMITTED})


class NotOpenToSupport(Rejected):
    """The proposal doesn't go on in this form."""

    code = "not-open-to-support"
    rule = "P10"
    title = "The proposal cannot be supported in its present state."


def require_open(proposal: Proposal) -> None:
    """Refuse new support for a proposal that doesn't go on in this form."""
    if proposal.state not in OPEN_TO_SUPPORT:
        raise NotOpenToSupport  # P10
