"""The examples in the OpenAPI documents: every request has one, and a route takes it."""

import re
from typing import Any
from uuid import uuid4

import pytest

from tests.contracts.assembled import NAMES
from tests.contracts.documents import OPERATIONS, Operation, document
from townhall.chassis.http.problems import MEDIA_TYPE, Problem
from townhall.testing.databases import DatabaseOf
from townhall.testing.services import ClientOf
from townhall.testing.tokens import Mint

Schema = dict[str, Any]
SENT = [each for each in OPERATIONS if "requestBody" in document(each.service)["paths"][each.path][each.method.lower()]]

_CODE = re.compile(r"^- `([a-z-]+)`", re.MULTILINE)


class NoExample(AssertionError):
    """A field a reader of the document could not fill in."""


def example(schema: Schema, whole: Schema, name: str = "body") -> Any:  # noqa: ANN401  a JSON document
    """Return the request a page makes from the document: each field's example, choice or default."""
    match schema:
        case {"$ref": str(ref)}:
            return example(whole["components"]["schemas"][ref.rpartition("/")[2]], whole, name)
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
            return {field: example(each, whole, field) for field, each in fields.items()}
        case {"type": "object"}:
            return {}
    raise NoExample(name)


def body_of(operation: Operation) -> Any:  # noqa: ANN401  a JSON document
    """Return the example of a route's body."""
    whole = document(operation.service)
    content = whole["paths"][operation.path][operation.method.lower()]["requestBody"]["content"]
    return example(content["application/json"]["schema"], whole)


@pytest.mark.parametrize("name", NAMES)
async def test_every_example_is_taken(
    name: str, database_of: DatabaseOf, client_of: ClientOf, mint: Mint, subtests: pytest.Subtests
) -> None:
    """What the document shows is a request of the right form. A rule may still say no: nothing it names is there."""
    client = await client_of(await database_of(name))
    for operation in (each for each in SENT if each.service == name):
        with subtests.test(operation.label):
            path = re.sub(r"\{\w+\}", lambda _: str(uuid4()), operation.path)
            headers = mint(min(operation.roles), "kim").header
            answer = await client.request(operation.method, path, json=body_of(operation), headers=headers)
            assert answer.json().get("code") not in {"invalid-request", "unknown-reason", "body-unreadable"}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.label)
def test_every_refusal_is_shown_as_it_is_answered(operation: Operation) -> None:
    """A reader sees of each rule that may say no what a program would get."""
    answers = document(operation.service)["paths"][operation.path][operation.method.lower()]["responses"]
    for status, answer in answers.items():
        shown = answer.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {})
        problems = {code: Problem.model_validate(each["value"]) for code, each in shown.items()}
        assert {(each.code, each.status) for each in problems.values()} == {(code, int(status)) for code in shown}
        assert set(shown) == set(_CODE.findall(answer["description"]))
