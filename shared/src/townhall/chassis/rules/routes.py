"""The routes under `/rules` that every service has: anyone may read the versions, the secretary enacts a new one."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Generic, TypeVar
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field, field_validator
from pydantic_core import PydanticCustomError

from townhall.chassis.auth import Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Cursor, Db, Idempotent, Line, Moment, Page, PageOf, RequestModel, ResponseModel
from townhall.chassis.rules import InForce, Rules

P = TypeVar("P", bound=BaseModel)
_LAST: Final = 2**31 - 1
Version = Annotated[int, Path(ge=1, le=_LAST)]
"""The number of a version, within the range of a PostgreSQL integer."""


_TEXT: Final = Line(200)


class Enactment(RequestModel, Generic[P]):
    """A new version of the rules. It takes effect at once if no date is given, and never in the past.

    A version names every parameter, so that none changes by omission. Texts among them are public, so the rules for
    the characters of public texts apply to them too.
    """

    article: Line(200) = Field(examples=["대통령훈령 제1호 제5조 (Presidential Instruction 1, article 5)"])  # type: ignore[valid-type]  # a type made by a function
    effective_from: Moment | None = None
    parameters: P

    @field_validator("parameters")
    @classmethod
    def _readable(cls, parameters: P) -> P:
        for each in _texts(parameters.model_dump()):
            if _TEXT(each) != each:
                raise PydanticCustomError("text_characters", "The text has characters that are not allowed.")
        return parameters


class RuleResponse(ResponseModel, Generic[P]):
    """One version of the rules, with the article it comes from."""

    version: int
    article: str
    effective_from: datetime | None
    """None for the first version, which has no beginning."""
    parameters: P


def rules_router(rules: Rules[P]) -> APIRouter:
    """Return the routes for these rules."""
    router = APIRouter(tags=["rules"])
    parameters: Any = rules.parameters
    payload: Any = Enactment[parameters]
    response: Any = RuleResponse[parameters]

    async def get_rules(page: Page, db: Db) -> object:
        """Return every version, newest first."""
        before = page.after.id.int if page.after else _LAST
        async with db.reading() as session:
            found = await rules.versions(session, before, page.limit + 1)
        return page.of(found, _cursor, lambda rule: response.model_validate(_response(rule)))

    async def get_rule(version: Version, db: Db) -> object:
        """Return one version."""
        async with db.reading() as session:
            return _response(await rules.version(session, version))

    async def post_rule(enactment: payload, idempotent: Idempotent) -> object:
        """Enact a version. What already opened keeps the version it opened under."""

        async def enact(tx: Transaction) -> BaseModel:
            new = await rules.enact(tx, enactment.article, enactment.parameters, enactment.effective_from)
            made: BaseModel = response.model_validate(_response(new))
            return made

        return await idempotent(enact)

    router.add_api_route("/rules", get_rules, response_model=PageOf[response])
    router.add_api_route("/rules/{version}", get_rule, response_model=response)
    secretary = [allow(Role.SECRETARY)]
    router.add_api_route(
        "/rules", post_rule, methods=["POST"], status_code=201, response_model=response, dependencies=secretary
    )
    return router


def _texts(values: object) -> Iterator[str]:
    if isinstance(values, str):
        yield values
    elif isinstance(values, Mapping):
        yield from _texts(list(values.values()))
    elif isinstance(values, Iterable):
        for each in values:
            yield from _texts(each)


def _cursor(rule: InForce[P]) -> Cursor:
    """Return the position of a version in the list, which is ordered by number alone."""
    return Cursor(datetime(1970, 1, 1, tzinfo=UTC), UUID(int=rule.version))


def _response(rule: InForce[P]) -> dict[str, Any]:
    return {
        "version": rule.version,
        "article": rule.article,
        "effective_from": rule.effective_from,
        "parameters": rule.parameters,
    }
