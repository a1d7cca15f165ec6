"""Who calls: access tokens checked against the issuer's published keys, and what their roles allow."""

from townhall.chassis.auth.callers import Caller, allow, authorize, bearer_token, verify
from townhall.chassis.auth.keys import Keys, Trust, keys_of
from townhall.chassis.auth.persons import PersonKeysRefused, Persons, persons_of
from townhall.chassis.auth.refusals import KeysUnavailable, RoleNotAllowed, TokenKeyUnknown, TokenRefused
from townhall.chassis.auth.tokens import Claims, identity_of
from townhall.contracts.roles import Role

__all__ = [
    "Caller",
    "Claims",
    "Keys",
    "KeysUnavailable",
    "PersonKeysRefused",
    "Persons",
    "Role",
    "RoleNotAllowed",
    "TokenKeyUnknown",
    "TokenRefused",
    "Trust",
    "allow",
    "authorize",
    "bearer_token",
    "identity_of",
    "keys_of",
    "persons_of",
    "verify",
]
