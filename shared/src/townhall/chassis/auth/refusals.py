"""Why a caller was turned away: 401 when it isn't shown who calls, 403 when it is and they may not."""

from collections.abc import Mapping
from typing import ClassVar

from townhall.rejected import Rejected


class TokenRefused(Rejected):
    """The bearer token doesn't show who calls."""

    code = "token-refused"
    status = 401
    title = "The access token was refused."
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class TokenMissing(TokenRefused):
    """No bearer token, or more than one."""

    code = "token-missing"
    title = "This needs one bearer token in the Authorization header."
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": "Bearer"}


class TokenMalformed(TokenRefused):
    """Not an access token of the one form that is accepted."""

    code = "token-malformed"
    title = "The access token must be a signed JWT of type at+jwt, RS256, with a key id and no other header."


class TokenKeyUnknown(TokenRefused):
    """Signed with a key the issuer doesn't publish."""

    code = "token-key-unknown"
    title = "The access token's key is not one of the issuer's."


class TokenForged(TokenRefused):
    """The signature doesn't fit."""

    code = "token-signature"
    title = "The access token's signature is wrong."


class TokenForOthers(TokenRefused):
    """From another issuer, for another audience, or without a claim that every token must have."""

    code = "token-claims"
    title = "The access token's claims are not those this service needs."


class TokenExpired(TokenRefused):
    """Its time is over, has not begun, or was meant to last too long."""

    code = "token-expired"
    title = "The access token is not valid at this time."


class RoleNotAllowed(Rejected):
    """The caller is known, but has none of the roles this needs."""

    code = "role-not-allowed"
    status = 403
    title = "None of your roles allows this."
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}


class KeysUnavailable(Rejected):
    """No key of the issuer was ever fetched, or the last ones are too old."""

    code = "keys-unavailable"
    status = 503
    title = "Access tokens cannot be checked at the moment."
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "2"}
