"""The roles a token may carry: who someone is to the process, never which person."""

from enum import StrEnum


class Role(StrEnum):
    """What an access token's `roles` claim may name."""

    CITIZEN = "citizen"
    OFFICER = "officer"
    """Of the Support Unit."""
    MEMBER = "member"
    """Of the Committee."""
    CHAIR = "chair"
    """Of the Committee."""
    SECRETARY = "secretary"
    """Of the Committee and the strategy meeting."""
    AGENCY = "agency"
    """A government body that delivers."""
    EVALUATOR = "evaluator"
    AUDITOR = "auditor"
    """Reads; changes nothing."""
