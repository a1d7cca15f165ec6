"""The closed lists of public reasons this service may write. Readers of events must accept codes they don't know."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from townhall.contracts.values import Decision, Outcome
from townhall.rejected import Rejected

NOT_REACHED: Final = "not-reached"
"""Given by the rule itself when a sitting closes before a case is decided."""
NOT_HELD: Final = "sitting-not-held"
"""Given by the rule itself when nobody opened the sitting."""

_FOR: Final = {
    "public-benefit": "It serves the public.",
    "wide-support": "Many citizens stand behind it.",
    "fairness": "It treats people more fairly than today.",
    "urgent": "It can't wait.",
    "feasible": "It can be done with the means at hand.",
}
_AGAINST: Final = {
    "costs-outweigh": "It costs more than it gives.",
    "not-feasible": "It can't be done as proposed.",
    "already-under-way": "It is done already or under way.",
    "harms-others": "It takes from some more than it gives to others.",
    "other-means-better": "The problem has a better answer.",
    "unlawful": "It would break the law.",
}
_LATER: Final = {
    "needs-evidence": "Facts are missing.",
    "needs-hearing": "Those concerned must be heard first.",
    "no-quorum": "Too few could take a position.",
    "no-time": "The time did not suffice.",
}
_WITH_CHANGE: Final = {"needs-change": "It is right with the change the note describes."}

DECISIONS: Final[Mapping[Decision, Mapping[str, str]]] = MappingProxyType(
    {
        Decision.RECOMMENDED: _FOR,
        Decision.AMENDED: _FOR | _WITH_CHANGE,
        Decision.DECLINED: _AGAINST,
        Decision.DEFERRED: _LATER,
    }
)
"""C18: what may be given as a reason of each decision."""
OUTCOMES: Final[Mapping[Outcome, Mapping[str, str]]] = MappingProxyType(
    {
        Outcome.ADOPTED: _FOR,
        Outcome.ADOPTED_WITH_CHANGE: _FOR | _WITH_CHANGE,
        Outcome.RETURNED: _AGAINST | {"needs-redesign": "It must be thought through again."},
        Outcome.DEFERRED: _LATER
        | {NOT_REACHED: "The meeting did not get to it.", "meeting-not-held": "The meeting did not take place."},
    }
)
"""C18: what may be given as the reason of each outcome."""


class UnknownReason(Rejected):
    """C18: the reason isn't on the list for this step."""

    code = "unknown-reason"
    rule = "C18"
    status = 422
    title = "The reason is not on the published list for this step."


def require(given: Iterable[str], allowed: Mapping[str, str]) -> None:
    """Refuse reasons that aren't published for this step."""
    if not set(given) <= allowed.keys():
        raise UnknownReason  # C18


def published(lists: Mapping[Decision, Mapping[str, str]] | Mapping[Outcome, Mapping[str, str]]) -> str:
    """The lists as the API's documents show them."""
    return "\n".join(
        f"\n**{step}**\n" + "\n".join(f"- `{code}`: {meaning}" for code, meaning in allowed.items())
        for step, allowed in lists.items()
    )
