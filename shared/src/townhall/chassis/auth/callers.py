"""Who calls, as a route sees it: a pseudonym of this service's own and the role that let them in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from townhall.chassis.auth.keys import Keys
from townhall.chassis.auth.persons import Persons
from townhall.chassis.auth.refusals import RoleNotAllowed, TokenMissing
from townhall.chassis.auth.tokens import Claims
from townhall.chassis.db import Database
from townhall.chassis.state import state_of
from townhall.contracts.roles import Role

_SAFE: Final = ("GET", "HEAD")
"""Methods that record nothing."""
_bearer = HTTPBearer(
    scheme_name="bearer",
    bearerFormat="JWT",
    auto_error=False,
    description="An RFC 9068 access token of the configured issuer. The scopes are roles; one of them is needed.",
)


@dataclass(frozen=True, slots=True)
class Caller:
    """The person behind a request. Neither name for them is ever shown or logged."""

    person: str = field(repr=False)
    """This service's own pseudonym: the only reference to a person that may be stored."""
    identity: str = field(repr=False)
    """The token's issuer and subject: never stored, never logged, never announced."""
    roles: frozenset[Role]
    role: Role
    """The role they act in: the first that the route allows and they have."""


def allow(first: Role, *others: Role) -> Any:  # noqa: ANN401  FastAPI's marker has no public type
    """Mark a route's `Caller` argument: one of these roles is needed, and OpenAPI says so."""
    return Security(_caller, scopes=[first, *others])


async def verify(request: Request, wanted: Sequence[str]) -> tuple[Claims, Role]:
    """Return the verified claims and the role they let the caller act in, or raise why they may not.

    `wanted` names roles, the one to act in first.
    """
    claims = await state_of(request.app, Keys).claims(bearer_token(request.headers.getlist("authorization")))
    return claims, authorize(claims, wanted)


async def _identify(request: Request, wanted: Sequence[str]) -> Caller:
    claims, role = await verify(request, wanted)
    persons, db = state_of(request.app, Persons), state_of(request.app, Database)
    look_up = persons.find if request.method in _SAFE else persons.record
    person = await look_up(db, claims.identity)
    caller = Caller(person, claims.identity, frozenset(role for role in Role if role in claims.roles), role)
    request.state.caller = caller
    return caller


def authorize(claims: Claims, wanted: Sequence[str]) -> Role:
    """Return the role a caller acts in: the first of `wanted` that they have; raises `RoleNotAllowed`.

    Routes and the fast path both decide here, and nowhere else, whether verified claims let a caller in.
    """
    for name in wanted:
        if name in claims.roles:
            return Role(name)
    raise RoleNotAllowed


def bearer_token(authorization: Sequence[str]) -> str:
    """Return the token of a request's Authorization headers; raises `TokenMissing` unless it is the only one."""
    scheme, _, token = authorization[0].partition(" ") if len(authorization) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token:
        raise TokenMissing
    return token


async def _caller(
    request: Request,
    wanted: SecurityScopes,
    _documented: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller:
    return await _identify(request, wanted.scopes)
