"""The closed lists of public reasons this service may write. Readers of events must accept codes they don't know."""

from collections.abc import Mapping
from typing import Final

from townhall.rejected import Rejected

ADMISSION: Final = {
    "meets-requirements": "It says what the problem is, and lies within what government may do.",
    "public-interest": "It concerns many people.",
    "new-approach": "It is a new way to solve a known problem.",
}
REJECTION: Final = {
    "outside-remit": "It lies outside what government may do.",
    "already-done": "What it asks for is already done or under way.",
    "personal-matter": "It is a personal matter or complaint with its own procedure.",
    "before-a-court": "The matter is before a court or another body with the last word.",
    "unlawful-or-offensive": "It asks for something unlawful or attacks people.",
    "commercial": "It promotes a product or a business.",
}
REVISION: Final = {
    "unclear": "The problem is not described well enough to be understood.",
    "no-remedy": "It does not say what should be done.",
    "several-matters": "It mixes matters that need a proposal each.",
    "names-people": "It contains names or other personal data that must go.",
}
TRANSFER: Final = {
    "other-body-competent": "Another body of government is competent.",
    "local-matter": "A local government is competent.",
}
MERGING: Final = {
    "same-problem": "Another proposal describes the same problem.",
    "same-remedy": "Another proposal asks for the same remedy.",
}
SELECTION: Final = {
    "public-interest": "The task draws wide public interest.",
    "needs-public-opinion": "The government needs to know what citizens think before it acts.",
    "many-supports": "Many citizens support the proposals behind it.",
    "government-plan": "It is part of the government's own innovation plans.",
}
REFERRAL: Final = {
    "urgent": "The matter can't wait for a vote to pass the threshold.",
    "few-concerned": "It concerns too few people for the threshold, but these gravely.",
    "close-to-threshold": "The vote came close to the threshold.",
    "legal-deadline": "A deadline set by law forces a decision.",
}


class UnknownReason(Rejected):
    """The reason isn't on the list for this step."""

    code = "unknown-reason"
    rule = "P5"
    status = 422
    title = "The reason is not on the published list for this step."


def require(reason: str, allowed: Mapping[str, str]) -> None:
    """Refuse a reason that isn't published for this step."""
    if reason not in allowed:
        raise UnknownReason  # P5


def published(allowed: Mapping[str, str]) -> str:
    """One list as the API's documents show it."""
    return "\n".join(f"- `{code}`: {meaning}" for code, meaning in allowed.items())
