"""Whatever is sent, the answer is one the document declares: never a fault of the service, never the input again."""

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

from tests.contracts.desks import SampleService
from tests.contracts.documents import OPERATIONS, Operation, document, unpatterned
from townhall.chassis.serve import at_hand
from townhall.testing import client_for
from townhall.testing.databases import DatabaseOf
from townhall.testing.services import SettingsOf, application
from townhall.testing.tokens import Mint

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
TELLING = 8
"""Letters a text must have before its appearance in an answer is no coincidence."""

DeskOf = Callable[[str], Awaitable[SampleService]]


@pytest_asyncio.fixture(loop_scope="session")
async def desk_of(database_of: DatabaseOf, settings_of: SettingsOf, mint: Mint) -> AsyncIterator[DeskOf]:
    """Open the service once for all examples of a test."""
    opened: dict[str, SampleService] = {}
    async with AsyncExitStack() as stack:

        async def open_desk(name: str) -> SampleService:
            if name not in opened:
                db = await database_of(name)
                app = application(settings_of(db), name)
                await stack.enter_async_context(at_hand(app))
                client = await stack.enter_async_context(client_for(app))
                opened[name] = SampleService(app, client, db, mint)
                await opened[name].furnish()
            return opened[name]

        yield open_desk


@cache
def described(name: str) -> BaseSchema:
    """Return what requests to a service are made from."""
    return schemathesis.openapi.from_dict(unpatterned(document(name)))


def cases(operation: Operation, sample_service: SampleService) -> st.SearchStrategy[Case[Any]]:
    """Return requests that fit the document and requests that don't, about what is there and about nothing."""
    there = {name: value for name, value in sample_service.ids.items() if f"{{{name}}}" in operation.path}
    about = described(operation.service)[operation.path][operation.method]
    found: list[st.SearchStrategy[Case[Any]]] = [
        about.as_strategy(generation_mode=mode, path_parameters=parameters)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        for parameters in ([None, there] if there else [None])
    ]
    return st.one_of(found)


async def answered(case: Case[Any], operation: Operation, sample_service: SampleService) -> Response:
    """Send the request as somebody who may."""
    made = requests.Request(**case.as_transport_kwargs(base_url="http://townhall.test")).prepare()
    headers = {name: str(value) for name, value in made.headers.items() if name.lower() != "authorization"}
    for role in sorted(operation.roles)[:1]:
        headers |= sample_service.mint(role, "kim").header
    body = made.body.encode() if isinstance(made.body, str) else made.body
    assert body is None or isinstance(body, bytes)
    return await sample_service.client.request(operation.method, str(made.url), headers=headers, content=body)


def texts(sent: Any) -> Iterator[str]:  # noqa: ANN401  a JSON document
    """Return every text of a document that could be recognised."""
    match sent:
        case str() if len(sent) >= TELLING:
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
async def test_any_request_gets_a_declared_answer(operation: Operation, desk_of: DeskOf, data: st.DataObject) -> None:
    """No 5xx, nothing undeclared, no echo of what was sent; and what is refused left no trace in the database."""
    sample_service = await desk_of(operation.service)
    before = await sample_service.state()
    case = data.draw(cases(operation, sample_service))
    answer = await answered(case, operation, sample_service)
    case.validate_response(answer, checks=CHECKS)
    if answer.is_error:
        assert await sample_service.state() == before
        assert [
            each for each in texts(case.body) if each in answer.text and each not in str(document(operation.service))
        ] == []
