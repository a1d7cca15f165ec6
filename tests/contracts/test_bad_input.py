"""Any request gets a response declared in the OpenAPI document: never a 5xx, never an echo of the input."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from functools import cache
from typing import Any

import pytest
import pytest_asyncio
import requests
import schemathesis
from httpx import Response
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import BaseSchema, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.contracts.openapi import OPERATIONS, Operation, document, without_patterns
from tests.contracts.sample_data import SampleService
from townhall.chassis.serve import at_hand
from townhall.testing import client_for
from townhall.testing.databases import DatabaseOf
from townhall.testing.services import SettingsOf, application
from townhall.testing.tokens import Mint

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
RECOGNISABLE = 8
"""Minimal length of a text whose appearance in a response can't be a coincidence."""

SampleServiceOf = Callable[[str], Awaitable[SampleService]]


@pytest_asyncio.fixture(loop_scope="session")
async def sample_service_of(
    database_of: DatabaseOf, settings_of: SettingsOf, mint: Mint
) -> AsyncIterator[SampleServiceOf]:
    """A function that opens a service with sample data, once for all examples of a test."""
    opened: dict[str, SampleService] = {}
    async with AsyncExitStack() as stack:

        async def open_service(name: str) -> SampleService:
            if name not in opened:
                db = await database_of(name)
                app = application(settings_of(db), name)
                await stack.enter_async_context(at_hand(app))
                client = await stack.enter_async_context(client_for(app))
                opened[name] = SampleService(app, client, db, mint)
                await opened[name].create_sample_data()
            return opened[name]

        yield open_service


@cache
def request_schema(name: str) -> BaseSchema:
    """Return the schema that requests to a service are generated from."""
    return schemathesis.openapi.from_dict(without_patterns(document(name)))


def cases(operation: Operation, sample_service: SampleService) -> st.SearchStrategy[Case[Any]]:
    """Return a strategy for valid and invalid requests, with ids of sample data and with random ones."""
    existing = {name: value for name, value in sample_service.ids.items() if f"{{{name}}}" in operation.path}
    requests_to = request_schema(operation.service)[operation.path][operation.method]
    found: list[st.SearchStrategy[Case[Any]]] = [
        requests_to.as_strategy(generation_mode=mode, path_parameters=parameters)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        for parameters in ([None, existing] if existing else [None])
    ]
    return st.one_of(found)


async def send(case: Case[Any], operation: Operation, sample_service: SampleService) -> Response:
    """Send the request in a role that may call the route."""
    prepared = requests.Request(**case.as_transport_kwargs(base_url="http://townhall.test")).prepare()
    headers = {name: str(value) for name, value in prepared.headers.items() if name.lower() != "authorization"}
    for role in sorted(operation.roles)[:1]:
        headers |= sample_service.mint(role, "kim").header
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
    assert body is None or isinstance(body, bytes)
    return await sample_service.client.request(operation.method, str(prepared.url), headers=headers, content=body)


def texts(sent: Any) -> Iterator[str]:  # noqa: ANN401  a JSON document
    """Yield every text of a document that is long enough to be recognised."""
    match sent:
        case str() if len(sent) >= RECOGNISABLE:
            yield sent
        case dict():
            for each in sent.values():
                yield from texts(each)
        case list():
            for each in sent:
                yield from texts(each)


@pytest.mark.parametrize("operation", OPERATIONS, ids=[f"{each.service} {each.label}" for each in OPERATIONS])
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
async def test_any_request_gets_a_declared_response(
    operation: Operation, sample_service_of: SampleServiceOf, data: st.DataObject
) -> None:
    """No 5xx, nothing undeclared, no echo of the input; and a refused request changes nothing in the database."""
    sample_service = await sample_service_of(operation.service)
    before = await sample_service.state()
    case = data.draw(cases(operation, sample_service))
    answer = await send(case, operation, sample_service)
    case.validate_response(answer, checks=CHECKS)
    if answer.is_error:
        assert await sample_service.state() == before
        assert [
            each for each in texts(case.body) if each in answer.text and each not in str(document(operation.service))
        ] == []
