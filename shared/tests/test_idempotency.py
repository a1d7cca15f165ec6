"""Idempotency keys: retries get the same response, whatever happened in between."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from shared.tests.sample_service import Acts, app_of, client_of
from shared.tests.token_variants import Issuer, token
from townhall.chassis.db import Database
from townhall.chassis.http import idempotency
from townhall.chassis.state import state_of

Note = dict[str, Any]
NOTE: Note = {"title": "제목"}


@pytest.fixture
def app(database: Database) -> FastAPI:
    """The small service on a real database."""
    return app_of(Issuer(), database)


@pytest.fixture
async def sample_service(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Its client."""
    async with client_of(app) as client:
        yield client


async def post(
    sample_service: httpx.AsyncClient, note: dict[str, Any], key: str | None = "k", who: str = "kim"
) -> httpx.Response:
    """Hand in a note under a key."""
    headers = {"authorization": f"Bearer {token(sub=who)}"} | ({} if key is None else {"idempotency-key": key})
    return await sample_service.post("/notes/once", json=note, headers=httpx.Headers(headers, encoding="utf-8"))


async def receipts(database: Database) -> int:
    """Count the receipts."""
    async with database.reading() as session:
        return int((await session.execute(text("SELECT count(*) FROM receipt"))).scalar_one())


async def test_retry_is_answered_alike(sample_service: httpx.AsyncClient) -> None:
    """The second request gets the first one's answer to the byte, and says that it does."""
    first, second = await post(sample_service, NOTE), await post(sample_service, NOTE)
    assert (first.status_code, first.content) == (201, second.content)
    assert (second.status_code, second.headers["idempotency-replayed"]) == (201, "true")
    assert first.headers["content-type"] == second.headers["content-type"]
    assert "idempotency-replayed" not in first.headers


async def test_without_a_key(sample_service: httpx.AsyncClient, database: Database) -> None:
    """Who sends no key asks for a new one each time, and no receipt is kept."""
    first, second = await post(sample_service, NOTE, None), await post(sample_service, NOTE, None)
    assert first.json()["title"] != second.json()["title"]
    assert await receipts(database) == 0


async def test_keys_are_a_persons_own(sample_service: httpx.AsyncClient) -> None:
    """Another person's key of the same text is another key, and shows nothing of the first."""
    kim, lee = await post(sample_service, NOTE), await post(sample_service, NOTE, who="lee")
    assert "idempotency-replayed" not in lee.headers
    assert kim.content != lee.content


async def test_key_with_another_request(sample_service: httpx.AsyncClient, app: FastAPI) -> None:
    """A key names one request for good."""
    await post(sample_service, NOTE)
    answer = await post(sample_service, {"title": "다른 제목"})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    assert state_of(app, Acts).number == 1


async def test_refused_request_leaves_no_receipt(sample_service: httpx.AsyncClient, database: Database) -> None:
    """A refusal had no effect: the same key may be tried again, and with something better."""
    for _ in range(2):
        assert (await post(sample_service, {"title": "unwilling"})).status_code == 409
    assert await receipts(database) == 0
    assert (await post(sample_service, NOTE)).status_code == 201


async def test_duplicates_at_once(sample_service: httpx.AsyncClient, app: FastAPI) -> None:
    """Eight copies in flight together: one acts, seven wait for it and get its answer."""
    answers = await asyncio.gather(*(post(sample_service, NOTE) for _ in range(8)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 7
    assert state_of(app, Acts).number == 1


@pytest.mark.parametrize("key", ["", "with space", "한글", "x" * 201, "tab\there"])
async def test_malformed_keys(key: str, sample_service: httpx.AsyncClient) -> None:
    """1 to 200 visible ASCII characters; anything else is refused."""
    answer = await post(sample_service, NOTE, key)
    assert (answer.status_code, answer.json()["faults"][0]["where"]) == (422, ["header", "idempotency-key"])


async def test_receipts_are_forgotten(sample_service: httpx.AsyncClient, database: Database) -> None:
    """After a day a receipt is dropped; a younger one stays."""
    await post(sample_service, NOTE, "old")
    async with database.transaction() as tx:
        await tx.session.execute(text("UPDATE receipt SET created_at = :then"), {"then": tx.now - timedelta(hours=25)})
    await post(sample_service, NOTE, "young")
    async with database.transaction() as tx:
        assert [await idempotency.forget(tx), await idempotency.forget(tx)] == [1, 0]
    assert await receipts(database) == 1
