"""Errors as RFC 9457 problem details. An answer names what was wrong and never repeats what was sent."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import Match

from townhall.chassis.transient import failure_of, passing, refused_value
from townhall.rejected import Rejected

MEDIA_TYPE: Final = "application/problem+json"
_NAME: Final = "urn:townhall:problem:{}"
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
log = structlog.get_logger(__name__)


class Fault(BaseModel):
    """One thing wrong with a request: where, and what kind of wrong."""

    where: list[str | int]
    """The way to the value, such as `["body", "title"]`."""
    kind: str
    """The name pydantic gives the mistake, or this project's own for text."""


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str
    """Identifies the kind of problem; the same as `code`, as a URN."""
    title: str
    status: int
    code: str
    """The public name of the rule or limit that said no."""
    rule: str | None = None
    """Its number in the rulebook, where it is a rule of the process."""
    request_id: str | None = None
    """To be quoted when asking about this answer."""
    faults: list[Fault] | None = None


class ProblemResponse(JSONResponse):
    """A problem on its way out."""

    media_type = MEDIA_TYPE


def problem(
    status: int,
    code: str,
    title: str,
    *,
    rule: str = "",
    faults: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
) -> ProblemResponse:
    """Return a problem that carries the id of the request under way."""
    body = Problem(
        type=_NAME.format(code),
        title=title,
        status=status,
        code=code,
        rule=rule or None,
        request_id=structlog.contextvars.get_contextvars().get("request_id"),
        faults=list(faults) or None,
    )
    return ProblemResponse(body.model_dump(exclude_none=True), status, headers=headers)


def shown(kind: type[Rejected]) -> Problem:
    """Return the problem a kind of refusal is answered with, for the documentation."""
    return Problem(
        type=_NAME.format(kind.code), title=kind.title, status=kind.status, code=kind.code, rule=kind.rule or None
    )


def refused(refusal: Rejected) -> ProblemResponse:
    """Return what a refusal says."""
    headers = getattr(refusal, "headers", None)
    return problem(refusal.status, refusal.code, refusal.title, rule=refusal.rule, headers=headers)


def failed(error: Exception) -> ProblemResponse:
    """Return what may be said of an error nobody planned, and log the rest."""
    if passing(error):
        log.warning("request_postponed", failure=failure_of(error).value, exc_info=error)
        return problem(503, "unavailable", "Please try again in a moment.", headers={"Retry-After": "2"})
    if refused_value(error):
        log.warning("value_not_storable", exc_info=error)
        return problem(422, "value-not-storable", "A value is outside what can be stored.")
    log.error("request_failed", exc_info=error)
    return problem(500, "internal-error", "Something went wrong here.")


def answer_to(error: Exception) -> ProblemResponse:
    """Return what a refusal says, or what may be said of anything else that was raised."""
    return refused(error) if isinstance(error, Rejected) else failed(error)


def invalid(error: RequestValidationError) -> ProblemResponse:
    """Return where a request doesn't fit, without what stood there."""
    faults = [Fault(where=_where(each), kind=each["type"]) for each in error.errors()[:20]]
    return problem(422, "invalid-request", "The request doesn't fit what this route accepts.", faults=faults)


def unrouted(error: HTTPException, allowed: Sequence[str] = ()) -> ProblemResponse:
    """Return what the framework refused, in our form."""
    phrase = HTTPStatus(error.status_code).phrase
    headers = {"Allow": ", ".join(allowed)} if allowed else error.headers
    return problem(error.status_code, phrase.lower().replace(" ", "-"), f"{phrase}.", headers=headers)


def install(app: FastAPI) -> None:
    """Answer what the framework refuses in one form; `RequestMiddleware` answers every other exception."""

    async def on_rejected(_request: Request, error: Any) -> Response:  # noqa: ANN401  the framework's signature
        return refused(error)

    async def on_invalid(_request: Request, error: Any) -> Response:  # noqa: ANN401  FastAPI names the kind when it registers
        return invalid(error)

    async def on_unrouted(request: Request, error: Any) -> Response:  # noqa: ANN401  FastAPI names the kind when it registers
        return unrouted(error, _allowed(request) if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else ())

    app.add_exception_handler(Rejected, on_rejected)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_unrouted)


def _allowed(request: Request) -> list[str]:
    """Return every method of the path: the framework names only those of the first route that fits."""

    def fits(method: str) -> bool:
        scope = dict(request.scope) | {"method": "GET" if method == "HEAD" else method}
        return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)

    return [method for method in METHODS if fits(method)]


def _where(error: Mapping[str, Any]) -> list[str | int]:
    # The last part of the way to a field that shouldn't be there is the sender's own word.
    return list(error["loc"][:-1] if error["type"] == "extra_forbidden" else error["loc"])
