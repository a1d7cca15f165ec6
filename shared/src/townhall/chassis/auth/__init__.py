"""Who calls: access tokens checked against the issuer's published keys, and what their roles allow."""

from townhall.chassis.auth.callers import Caller, allow, authorize, bearer_token, identify
from townhall.chassis.auth.keys import Keys, Trust, keys_of
from townhall.chassis.auth.refusals import KeysUnavailable, RoleNotAllowed, TokenKeyUnknown, TokenRefused
from townhall.chassis.auth.tokens import Claims
from townhall.contracts.roles import Role

__all__ = [
    "Caller",
    "Claims",
    "Keys",
    "KeysUnavailable",
    "Role",
    "RoleNotAllowed",
    "TokenKeyUnknown",
    "TokenRefused",
    "Trust",
    "allow",
    "authorize",
    "bearer_token",
    "identify",
    "keys_of",
]
