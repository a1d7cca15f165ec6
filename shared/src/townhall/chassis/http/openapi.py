"""The OpenAPI document with every error a route can answer, all of them problem details."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from townhall.chassis.http.problems import MEDIA_TYPE, Problem, shown
from townhall.rejected import Rejected

_METHODS: Final = frozenset({"get", "put", "post", "delete", "patch"})
_SCHEMA: Final = {"$ref": "#/components/schemas/Problem"}
_PROBLEM: Final = {"content": {MEDIA_TYPE: {"schema": _SCHEMA}}}


def problem_responses(*kinds: type[Rejected]) -> dict[int | str, dict[str, Any]]:
    """Declare the rules a route may refuse by, with their public codes: `responses=problem_responses(VoteNotOpen)`."""
    by_status: dict[int | str, list[type[Rejected]]] = {}
    for kind in kinds:
        by_status.setdefault(kind.status, []).append(kind)
    return {status: _refusals(those) for status, those in by_status.items()}


def _refusals(kinds: Sequence[type[Rejected]]) -> dict[str, Any]:
    """Describe the refusals of one status, each with the answer it gives."""
    lines = [f"- `{kind.code}` {kind.rule}: {kind.title}" for kind in kinds]
    examples = {kind.code: {"value": shown(kind).model_dump(exclude_none=True)} for kind in kinds}
    return {"description": "\n".join(lines), "content": {MEDIA_TYPE: {"schema": _SCHEMA, "examples": examples}}}


def install(app: FastAPI) -> None:
    """Make the application's document tell its errors. It is made once, when first asked for."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _documented(get_openapi(title=app.title, version=app.version, routes=app.routes))
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # the way FastAPI documents


def _documented(document: dict[str, Any]) -> dict[str, Any]:
    schemas: dict[str, Any] = document.setdefault("components", {}).setdefault("schemas", {})
    for old in ("HTTPValidationError", "ValidationError"):
        schemas.pop(old, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs") | {"Problem": problem}
    for path in document["paths"].values():
        for method in _METHODS & path.keys():
            _add_errors(path[method], method)
    return document


def _add_errors(operation: dict[str, Any], method: str) -> None:
    answers: dict[str, Any] = operation["responses"]
    if MEDIA_TYPE not in answers.get("422", {}).get("content", {}):
        answers.pop("422", None)  # The framework's own, which is never what is answered.
    for status in _errors(operation, method):
        answers.setdefault(str(status), {"description": HTTPStatus(status).phrase} | _PROBLEM)


def _errors(operation: dict[str, Any], method: str) -> Iterator[int]:
    parameters = operation.get("parameters", [])
    yield from (400, 503)
    if operation.get("security"):
        yield from (401, 403)
    if any(each["in"] == "path" for each in parameters):
        yield 404
    if method != "get":
        yield 409
    if "requestBody" in operation:
        yield from (408, 413, 415)
    if parameters or "requestBody" in operation:
        yield 422
