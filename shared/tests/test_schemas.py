"""Request bodies: strict types, limited size, one interpretation."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from shared.tests.sample_service import SECRET, app_of, client_of, problem_of
from shared.tests.token_variants import Issuer

ID = "c0ffee00-0000-4000-8000-000000000000"
JSON = {"content-type": "application/json"}


@pytest.fixture
async def sample_service() -> AsyncIterator[httpx.AsyncClient]:
    """A client of the small service."""
    async with client_of(app_of(Issuer())) as client:
        yield client


@pytest.mark.parametrize(
    "good",
    [
        {},
        {"colour": "blue", "colours": ["red", "blue"]},
        {"task_id": ID, "task_ids": [ID]},
        {"at": "2027-01-01T00:00:00+09:00", "on": "2027-01-01"},
        {"urgent": True, "weight": 1.5, "detail": {"count": 3}},
        {"task_id": None, "text": ""},
    ],
)
async def test_a_request_model_accepts(good: dict[str, Any], sample_service: httpx.AsyncClient) -> None:
    """What JSON can only write as text is read from text."""
    assert (await sample_service.post("/notes", json={"title": "제목"} | good)).status_code == 201


async def test_times_are_kept_in_utc(sample_service: httpx.AsyncClient) -> None:
    """Whatever offset a time was written with, it is answered in UTC."""
    answer = await sample_service.post("/notes", json={"title": "제목", "at": "2027-01-01T00:00:00+09:00"})
    assert answer.json()["at"] == "2026-12-31T15:00:00Z"


@pytest.mark.parametrize(
    ("bad", "where", "kind"),
    [
        ({"title": 7}, ["title"], "string_type"),
        ({"title": None}, ["title"], "string_type"),
        ({"title": SECRET + "\u202e"}, ["title"], "text_characters"),
        ({"colour": SECRET}, ["colour"], "enum"),
        ({"colours": ["red", SECRET]}, ["colours", 1], "enum"),
        ({"colours": "red"}, ["colours"], "tuple_type"),
        ({"task_id": SECRET}, ["task_id"], "uuid_parsing"),
        ({"task_ids": [7]}, ["task_ids", 0], "uuid_type"),
        ({"urgent": "true"}, ["urgent"], "bool_type"),
        ({"urgent": 1}, ["urgent"], "bool_type"),
        ({"detail": {"count": True}}, ["detail", "count"], "int_type"),
        ({"detail": {"count": "1"}}, ["detail", "count"], "int_type"),
        ({"detail": {"count": 1.0}}, ["detail", "count"], "int_type"),
        ({"detail": {"count": 1, SECRET: 1}}, ["detail"], "extra_forbidden"),
        ({SECRET: SECRET}, [], "extra_forbidden"),
        ({"at": "2027-01-01T00:00:00"}, ["at"], "timezone_aware"),
        ({"at": 1_800_000_000}, ["at"], "date_form"),
        ({"at": "1800000000"}, ["at"], "date_form"),
        ({"at": "9999-12-31T23:59:59-23:59"}, ["at"], "date_range"),
        ({"at": "0001-01-01T00:00:00+23:59"}, ["at"], "date_range"),
        ({"at": "2027-02-30T00:00:00Z"}, ["at"], "datetime_from_date_parsing"),
        ({"on": "2027-01-01T00:00:00"}, ["on"], "date_form"),
        ({"on": 20270101}, ["on"], "date_form"),
        ({"on": "9999-12-31"}, ["on"], "date_range"),
        ({"on": "+12027-01-01"}, ["on"], "date_form"),
    ],
)
async def test_a_request_model_refuses(
    bad: dict[str, Any], where: list[str | int], kind: str, sample_service: httpx.AsyncClient
) -> None:
    """Nothing is guessed; the answer says where and what kind of wrong."""
    body = problem_of(await sample_service.post("/notes", json={"title": "제목"} | bad), 422, "invalid-request")
    assert {"where": ["body", *where], "kind": kind} in body["faults"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "body-unreadable"),
        (b"\xff\xfe", 400, "body-unreadable"),
        (b'\xef\xbb\xbf{"title": "bom"}', 400, "body-unreadable"),
        ('{"title": "16"}'.encode("utf-16"), 400, "body-unreadable"),
        (b'{"title": "one", "title": "two"}', 400, "body-unreadable"),
        (b'{"title": "x", "detail": {"count": 1, "count": 2}}', 400, "body-unreadable"),
        (b'{"title": "x", "weight": NaN}', 400, "body-unreadable"),
        (b'{"title": "x", "weight": -Infinity}', 400, "body-unreadable"),
        (b'{"title": "x", "weight": 1e999}', 400, "body-unreadable"),
        (b'{"title": "x", "detail": {"count": ' + b"9" * 5000 + b"}}", 400, "body-unreadable"),
        (b'{"title": "x", "detail": {"count": 12345678901234567}}', 400, "body-unreadable"),
        (b'{"title": "\\ud800"}', 400, "body-unreadable"),
        (b'{"\\udfff": 1}', 400, "body-unreadable"),
        (b"[" * 30_000, 400, "body-unreadable"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400, "body-unreadable"),
        (b"[]", 422, "invalid-request"),
        (b'"title"', 422, "invalid-request"),
        (b"null", 422, "invalid-request"),
        (b"", 422, "invalid-request"),
        (b'{"title": "\\u0000"}', 422, "invalid-request"),
        (b'{"title": "' + b"x" * 70_000 + b'"}', 413, "body-too-large"),
    ],
)
async def test_bodies_with_more_than_one_meaning(
    body: bytes, status: int, code: str, sample_service: httpx.AsyncClient
) -> None:
    """JSON that two readers could read differently is read by none."""
    problem_of(await sample_service.post("/notes", content=body, headers=JSON), status, code)


@pytest.mark.parametrize("depth", range(850, 1010, 10))
async def test_nesting_near_the_recursion_limit(depth: int, sample_service: httpx.AsyncClient) -> None:
    """Whichever reader gives up first, the answer is the caller's fault."""
    answer = await sample_service.post("/notes", content=b"[" * depth + b"]" * depth, headers=JSON)
    assert answer.status_code in {400, 422}


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", ""],
)
async def test_other_media_types(kind: str, sample_service: httpx.AsyncClient) -> None:
    """A form another site could post is not taken for JSON."""
    answer = await sample_service.post("/notes", content=b'{"title": "x"}', headers={"content-type": kind})
    problem_of(answer, 415, "body-not-json")


async def test_chunked_bodies_are_counted(sample_service: httpx.AsyncClient) -> None:
    """A body that doesn't say its size is cut off at the same one, without being read to its end."""
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b" " * 1024

    problem_of(await sample_service.post("/notes", content=endless(), headers=JSON), 413, "body-too-large")
    assert read <= 66


async def test_chunked_bodies_are_read(sample_service: httpx.AsyncClient) -> None:
    """A body in pieces means the same as in one."""

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b'{"tit', b'le": ', b'"x"}'):
            yield piece

    assert (await sample_service.post("/notes", content=pieces(), headers=JSON)).status_code == 201


@pytest.mark.parametrize("size", ["70000", "-1", "1e3", "99999999999999999999", "٣"])
async def test_the_declared_size_is_checked_before_reading(size: str, sample_service: httpx.AsyncClient) -> None:
    """A size too large, or none at all, needs no reading."""
    headers = [(b"content-type", b"application/json"), (b"content-length", size.encode())]
    request = httpx.Request("POST", "http://sample_service.test/notes", headers=headers, content=b"{}")
    problem_of(await sample_service.send(request), 413, "body-too-large")
