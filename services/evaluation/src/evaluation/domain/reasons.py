"""The closed lists of public reasons this service may write. Readers of events must accept codes they don't know."""

from collections.abc import Mapping
from typing import Final

from townhall.rejected import Rejected

DELAY: Final = {
    "procurement": "What was ordered came late or the tender must be repeated.",
    "budget": "The money was not yet granted.",
    "legal-change": "A law or regulation has to change first.",
    "dependency": "Another body or project has to finish first.",
    "capacity": "Too few people could work on it.",
    "consultation": "Those concerned have to be heard again.",
    "technical": "It proved technically harder than planned.",
    "emergency": "A disaster or emergency came before it.",
}
DROP: Final = {
    "superseded": "Another measure reaches the same aim.",
    "not-feasible": "It proved impossible to carry out.",
    "unlawful": "It would break the law as it stands.",
    "no-budget": "The money was refused for good.",
    "need-gone": "The need for it has passed.",
}
CANCELLATION: Final = {
    "too-few-applicants": "Fewer citizens applied than the smallest panel the rule allows.",
    "too-few-scores": "The panel gave fewer scores than the rule asks for.",
    "seed-lost": "The seed that was committed to can't be shown.",
    "irregularity": "Something went wrong that puts the result in doubt.",
}


class UnknownReason(Rejected):
    """The reason isn't on the list for this step."""

    code = "unknown-reason"
    rule = "E3"
    status = 422
    title = "The reason is not on the published list for this step."


def require(reason: str, allowed: Mapping[str, str]) -> None:
    """Refuse a reason that isn't published for this step."""
    if reason not in allowed:
        raise UnknownReason  # E3


def published(allowed: Mapping[str, str]) -> str:
    """One list as the API's documents show it."""
    return "\n".join(f"- `{code}`: {meaning}" for code, meaning in allowed.items())
