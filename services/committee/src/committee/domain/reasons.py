"""The closed lists of public reasons of this service. Readers of its events must accept codes they don't know."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from townhall.contracts.values import Decision, Outcome
from townhall.rejected import Rejected

NOT_REACHED: Final = "not-reached"
"""The reason of the automatic deferral when a sitting closes before the case is decided (C11)."""
NOT_HELD: Final = "sitting-not-held"
"""The reason of the automatic deferral when nobody opened the sitting (C11)."""

_FOR: Final = {
    "public-benefit": "It serves the public.",
    "wide-support": "Many citizens support it.",
    "fairness": "It is fairer than today's situation.",
    "urgent": "It can't wait.",
    "feasible": "It can be done with the means available.",
}
_AGAINST: Final = {
    "costs-outweigh": "Its costs exceed its benefits.",
    "not-feasible": "It can't be done as proposed.",
    "already-under-way": "It is already done or under way.",
    "harms-others": "It harms some people more than it benefits others.",
    "other-means-better": "Other means solve the problem better.",
    "unlawful": "It would break the law.",
}
_LATER: Final = {
    "needs-evidence": "Evidence is missing.",
    "needs-hearing": "The people concerned must be consulted first.",
    "no-quorum": "Too few members could take a position.",
    "no-time": "There was not enough time.",
}
_WITH_CHANGE: Final = {"needs-change": "It is right with the change described in the note."}

DECISIONS: Final[Mapping[Decision, Mapping[str, str]]] = MappingProxyType(
    {
        Decision.RECOMMENDED: _FOR,
        Decision.AMENDED: _FOR | _WITH_CHANGE,
        Decision.DECLINED: _AGAINST,
        Decision.DEFERRED: _LATER,
    }
)
"""C18: the reasons of each decision."""
OUTCOMES: Final[Mapping[Outcome, Mapping[str, str]]] = MappingProxyType(
    {
        Outcome.ADOPTED: _FOR,
        Outcome.ADOPTED_WITH_CHANGE: _FOR | _WITH_CHANGE,
        Outcome.RETURNED: _AGAINST | {"needs-redesign": "It must be redesigned."},
        Outcome.DEFERRED: _LATER
        | {NOT_REACHED: "The meeting did not reach it.", "meeting-not-held": "The meeting did not take place."},
    }
)
"""C18: the reasons of each outcome."""


class UnknownReason(Rejected):
    """C18: a reason isn't on the published list for this step."""

    code = "unknown-reason"
    rule = "C18"
    status = 422
    title = "The reason is not on the published list for this step."


def require(reasons: Iterable[str], allowed: Mapping[str, str]) -> None:
    """Check that the reasons are on the list of this step (C18). Raises `UnknownReason`."""
    if not set(reasons) <= allowed.keys():
        raise UnknownReason  # C18


def markdown(lists: Mapping[Decision, Mapping[str, str]] | Mapping[Outcome, Mapping[str, str]]) -> str:
    """Return the lists of reasons in Markdown, for the API's documents."""
    return "\n".join(
        f"\n**{step}**\n" + "\n".join(f"- `{code}`: {meaning}" for code, meaning in allowed.items())
        for step, allowed in lists.items()
    )
