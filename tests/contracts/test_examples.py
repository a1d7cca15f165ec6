"""Every request in the OpenAPI documents has an example, and the route accepts it."""

import re
from typing import Any
from uuid import uuid4

import pytest

from tests.contracts.assembled_services import NAMES
from tests.contracts.openapi import OPERATIONS, Operation, document
from townhall.chassis.http.problems import MEDIA_TYPE, Problem
from townhall.testing.databases import DatabaseOf
from townhall.testing.services import ClientOf
from townhall.testing.tokens import Mint

Schema = dict[str, Any]
WITH_BODY = [
    each for each in OPERATIONS if "requestBody" in document(each.service)["paths"][each.path][each.method.lower()]
]

_CODE = re.compile(r"^- `([a-z-]+)`", re.MULTILINE)


class NoExample(AssertionError):
    """A field has neither example nor choices nor default."""


def example(schema: Schema, root: Schema, name: str = "body") -> Any:  # noqa: ANN401  a JSON document
    """Return the example of a schema: each field's example, first choice or default."""
    match schema:
        case {"$ref": str(ref)}:
            return example(root["components"]["schemas"][ref.rpartition("/")[2]], root, name)
        case (
            {"examples": [first, *_]}
            | {"anyOf": [{"examples": [first, *_]}, *_]}
            | {"enum": [first, *_]}
            | {"const": first}
            | {"default": first}
        ):
            return first
        case {"anyOf": [*_, {"type": "null"}]}:
            return None  # The framework leaves out that this is the default.
        case {"properties": fields}:
            return {field: example(each, root, field) for field, each in fields.items()}
        case {"type": "object"}:
            return {}
    raise NoExample(name)


def body_of(operation: Operation) -> Any:  # noqa: ANN401  a JSON document
    """Return the example of a route's body."""
    root = document(operation.service)
    content = root["paths"][operation.path][operation.method.lower()]["requestBody"]["content"]
    return example(content["application/json"]["schema"], root)


@pytest.mark.parametrize("name", NAMES)
async def test_every_example_is_accepted(
    name: str, database_of: DatabaseOf, client_of: ClientOf, mint: Mint, subtests: pytest.Subtests
) -> None:
    """Each example is well-formed. A rule may still refuse it, since the ids in it don't exist."""
    client = await client_of(await database_of(name))
    for operation in (each for each in WITH_BODY if each.service == name):
        with subtests.test(operation.label):
            path = re.sub(r"\{\w+\}", lambda _: str(uuid4()), operation.path)
            headers = mint(min(operation.roles), "kim").header
            answer = await client.request(operation.method, path, json=body_of(operation), headers=headers)
            assert answer.json().get("code") not in {"invalid-request", "unknown-reason", "body-unreadable"}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.label)
def test_every_refusal_is_documented_as_it_is_returned(operation: Operation) -> None:
    """For each refusal the document shows the problem that a program would receive."""
    answers = document(operation.service)["paths"][operation.path][operation.method.lower()]["responses"]
    for status, answer in answers.items():
        shown = answer.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {})
        problems = {code: Problem.model_validate(each["value"]) for code, each in shown.items()}
        assert {(each.code, each.status) for each in problems.values()} == {(code, int(status)) for code in shown}
        assert set(shown) == set(_CODE.findall(answer["description"]))
