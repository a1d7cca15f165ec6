"""`ce_dataschema` leads to the schema of the event, at the service that announces it."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import jsonschema_rs
import pytest
from fastapi import APIRouter

from shared.tests.facts import AT
from shared.tests.sample_service import app_of
from shared.tests.token_variants import Issuer
from tests.contracts.assembled_services import service
from tests.contracts.schemas import FROZEN, SAMPLES, stored
from townhall.chassis.envelope import event_headers
from townhall.chassis.event_schemas import schema_router
from townhall.contracts import CATALOGUE, Event

PUBLIC_URL = "https://townhall.example/voting"
EVENTS = pytest.mark.parametrize("kind", CATALOGUE.values(), ids=CATALOGUE.keys())


def router_of(kind: type[Event]) -> APIRouter:
    """Return the route of the service that announces an event type."""
    return schema_router(service(kind.TYPE.partition(".")[0]).announces, PUBLIC_URL)


@pytest.fixture
async def client(kind: type[Event]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service that has the route, behind a proxy that removes the path of the public URL."""
    app = app_of(Issuer())
    app.include_router(router_of(kind))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sample.test") as made:
        yield made


def dataschema(kind: type[Event]) -> str:
    """Return the attribute of an event of this type."""
    event = kind.model_validate(stored(SAMPLES)[kind.TYPE])
    return event_headers(PUBLIC_URL, event, event_id=uuid4(), version=1, at=AT, traceparent="")["ce_dataschema"]


@EVENTS
async def test_the_schema_is_served_where_the_attribute_points(kind: type[Event], client: httpx.AsyncClient) -> None:
    """The frozen document, with the URL as its `$id`; the sample is valid by it."""
    url = dataschema(kind)
    answer = await client.get(url.removeprefix(PUBLIC_URL))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/schema+json")
    served: dict[str, Any] = answer.json()
    frozen = json.loads((FROZEN / f"{kind.TYPE}.json").read_text())
    assert served == frozen | {"$id": url}
    assert frozen["$id"] == f"schemas/{kind.TYPE}.json"
    jsonschema_rs.validate(served, stored(SAMPLES)[kind.TYPE])


@pytest.mark.parametrize("kind", [CATALOGUE["voting.vote-closed.v1"]])
async def test_a_known_schema_is_not_sent_again(kind: type[Event], client: httpx.AsyncClient) -> None:
    """RFC 9110: a strong ETag, 304 for it without a body; another one gets the document."""
    path = dataschema(kind).removeprefix(PUBLIC_URL)
    first = await client.get(path)
    etag = first.headers["etag"]
    assert etag.startswith('"')
    assert first.headers["cache-control"] == "public, max-age=3600"
    for named in (etag, f'"x", {etag}', f"W/{etag}", "*"):
        again = await client.get(path, headers={"if-none-match": named})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert again.headers["cache-control"] == "public, max-age=3600"
    for named in ('"x"', etag.strip('"'), ""):
        assert (await client.get(path, headers={"if-none-match": named})).status_code == 200
    assert (await client.head(path)).headers["etag"] == etag


@pytest.mark.parametrize("kind", [CATALOGUE["voting.vote-closed.v1"]])
@pytest.mark.parametrize("type_", ["committee.case-opened.v1", "voting.vote-closed.v2", "..%2f..%2fetc", "x"])
async def test_no_other_schema_is_served(kind: type[Event], client: httpx.AsyncClient, type_: str) -> None:
    """Only those of the service's own events."""
    answer = await client.get(f"/schemas/{type_}.json")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
