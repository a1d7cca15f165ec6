"""The closed lists of public reasons of this service. Readers of its events must accept codes they don't know."""

from collections.abc import Mapping
from typing import Final

from townhall.rejected import Rejected

ADMISSION: Final = {
    "meets-requirements": "It describes the problem, and government has the power to act on it.",
    "public-interest": "It concerns many people.",
    "new-approach": "It is a new way to solve a known problem.",
}
REJECTION: Final = {
    "outside-remit": "Government has no power to act on it.",
    "already-done": "What it requests is already done or under way.",
    "personal-matter": "It is a personal matter or complaint with its own procedure.",
    "before-a-court": "The matter is before a court or another body whose decision is final.",
    "unlawful-or-offensive": "It requests something unlawful or attacks people.",
    "commercial": "It promotes a product or a business.",
}
REVISION: Final = {
    "unclear": "The problem is not described well enough to be understood.",
    "no-remedy": "It does not name a remedy.",
    "several-matters": "It mixes matters that need a proposal each.",
    "names-people": "It contains names or other personal data that must be removed.",
}
TRANSFER: Final = {
    "other-body-competent": "Another body of government is competent.",
    "local-matter": "A local government is competent.",
}
MERGING: Final = {
    "same-problem": "Another proposal describes the same problem.",
    "same-remedy": "Another proposal requests the same remedy.",
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
    """P5: the reason isn't on the published list for this step."""

    code = "unknown-reason"
    rule = "P5"
    status = 422
    title = "The reason is not on the published list for this step."


def require(reason: str, allowed: Mapping[str, str]) -> None:
    """Check that the reason is on the list of this step (P5). Raises `UnknownReason`."""
    if reason not in allowed:
        raise UnknownReason  # P5


def markdown(allowed: Mapping[str, str]) -> str:
    """Return a list of reasons in Markdown, for the API's documents."""
    return "\n".join(f"- `{code}`: {meaning}" for code, meaning in allowed.items())
