"""Merging a proposal into another one. Each proposal keeps its own supports; both counts stay public."""

from dataclasses import dataclass
from typing import Final

from proposal.domain.lifecycle import Proposal, State
from townhall.contracts.values import ProposalId
from townhall.rejected import Rejected

MERGE_TARGET_STATES: Final = frozenset({State.SCREENING, State.ADMITTED})
"""A proposal can be merged only into one that is in these states."""


class MergeIntoItself(Rejected):
    """P7: a proposal can't be merged into itself."""

    code = "merge-into-itself"
    rule = "P7"
    title = "A proposal cannot be merged into itself."


class MergeIntoUnknown(Rejected):
    """P7: the proposal to merge into doesn't exist."""

    code = "merge-target-unknown"
    rule = "P7"
    status = 422
    title = "The proposal to merge into does not exist."


class MergeWouldCircle(Rejected):
    """P7: the other proposal was already merged into this one, directly or through others."""

    code = "merge-would-circle"
    rule = "P7"
    title = "The proposal to merge into has already been merged into this one."


class MergeIntoEnded(Rejected):
    """P7: the other proposal is in none of `MERGE_TARGET_STATES`."""

    code = "merge-target-ended"
    rule = "P7"
    title = "The proposal to merge into is neither in screening nor admitted."


@dataclass(frozen=True, slots=True)
class Target:
    """The proposal another one is to be merged into."""

    id: ProposalId
    state: State
    merge_chain: tuple[ProposalId, ...] = ()
    """The proposals the target was merged into, in order."""


def require_target(proposal: Proposal, target: Target | None) -> None:
    """Check that the proposal may be merged into the target (P7); `None` means that it doesn't exist.

    Raises `MergeIntoUnknown`, `MergeIntoItself`, `MergeWouldCircle` or `MergeIntoEnded`.
    """
    if target is None:
        raise MergeIntoUnknown  # P7
    if target.id == proposal.id:
        raise MergeIntoItself  # P7
    if proposal.id in target.merge_chain:
        raise MergeWouldCircle  # P7
    if target.state not in MERGE_TARGET_STATES:
        raise MergeIntoEnded  # P7
