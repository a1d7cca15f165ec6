"""Who calls: access tokens checked against the issuer's published keys, and what their roles allow."""

from townhall.chassis.auth.callers import Caller, allow, identify
from townhall.chassis.auth.keys import Keys, keys_of
from townhall.chassis.auth.refusals import RoleNotAllowed, TokenRefused
from townhall.contracts.roles import Role

__all__ = ["Caller", "Keys", "Role", "RoleNotAllowed", "TokenRefused", "allow", "identify", "keys_of"]
