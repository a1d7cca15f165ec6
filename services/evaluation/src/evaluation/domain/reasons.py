"""The published lists of reasons. Consumers of events must accept codes that are not on these lists."""

from collections.abc import Mapping
from typing import Final

from townhall.rejected import Rejected

DELAY: Final = {
    "procurement": "A delivery was late, or the tender must be repeated.",
    "budget": "The budget was not granted yet.",
    "legal-change": "A law or regulation must be changed first.",
    "dependency": "Another body or project must finish first.",
    "capacity": "Too few people could work on it.",
    "consultation": "Those affected must be consulted again.",
    "technical": "It is technically harder than planned.",
    "emergency": "A disaster or emergency had priority.",
}
DROP: Final = {
    "superseded": "Another measure achieves the same aim.",
    "not-feasible": "It can't be carried out.",
    "unlawful": "It would break the law as it is.",
    "no-budget": "The budget was finally refused.",
    "need-gone": "It is no longer needed.",
}
CANCELLATION: Final = {
    "too-few-applicants": "Fewer citizens applied than the smallest panel the rule allows.",
    "too-few-scores": "The panel gave fewer scores than the rule requires.",
    "seed-lost": "The seed that was committed to is lost.",
    "irregularity": "An irregularity puts the result in doubt.",
}


class UnknownReason(Rejected):
    """The reason isn't on the list for this step."""

    code = "unknown-reason"
    rule = "E3"
    status = 422
    title = "The reason is not on the published list for this step."


def require(reason: str, allowed: Mapping[str, str]) -> None:
    """Raise `UnknownReason` unless `reason` is a code of the list, a key of `allowed` (E3)."""
    if reason not in allowed:
        raise UnknownReason


def markdown(allowed: Mapping[str, str]) -> str:
    """Return a list of reasons in Markdown, for the API's documentation."""
    return "\n".join(f"- `{code}`: {meaning}" for code, meaning in allowed.items())
