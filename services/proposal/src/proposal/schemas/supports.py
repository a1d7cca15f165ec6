"""Supports."""

from uuid import UUID

from townhall.chassis.http import ResponseModel


class SupportResponse(ResponseModel):
    """Whether the caller supports a proposal, and how many citizens do."""

    proposal_id: UUID
    supported: bool
    supports: int
