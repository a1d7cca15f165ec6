"""Merging: one proposal goes on as part of another. Supports stay where citizens gave them; both counts stay public."""

from dataclasses import dataclass
from typing import Final

from proposal.domain.lifecycle import Proposal, State
from townhall.contracts.values import ProposalId
from townhall.rejected import Rejected

GOES_ON: Final = frozenset({State.SCREENING, State.ADMITTED})
"""Only a proposal in these states can carry another one further."""


class MergeIntoItself(Rejected):
    """A proposal can't go on as part of itself."""

    code = "merge-into-itself"
    rule = "P7"
    title = "A proposal cannot be merged into itself."


class MergeIntoUnknown(Rejected):
    """There is no such other proposal."""

    code = "merge-target-unknown"
    rule = "P7"
    status = 422
    title = "The proposal to merge into does not exist."


class MergeWouldCircle(Rejected):
    """The other proposal already goes on as part of this one."""

    code = "merge-would-circle"
    rule = "P7"
    title = "The proposal to merge into already goes on as part of this one."


class MergeIntoEnded(Rejected):
    """The other proposal doesn't go on itself."""

    code = "merge-target-ended"
    rule = "P7"
    title = "The proposal to merge into was refused, withdrawn, returned, rerouted or merged itself."


@dataclass(frozen=True, slots=True)
class Target:
    """What a proposal is to be merged into, with the line of proposals that one went on into."""

    id: ProposalId
    state: State
    line: tuple[ProposalId, ...] = ()


def require_target(proposal: Proposal, target: Target | None) -> None:
    """Refuse a merge that would lose the proposal: into nothing, itself, its own lineage, or a dead end."""
    if target is None:
        raise MergeIntoUnknown  # P7
    if target.id == proposal.id:
        raise MergeIntoItself  # P7
    if proposal.id in target.line:
        raise MergeWouldCircle  # P7
    if target.state not in GOES_ON:
        raise MergeIntoEnded  # P7
