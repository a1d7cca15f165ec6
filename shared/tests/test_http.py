"""The edge of a service: strict papers, small bodies, and problems that repeat nothing."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import structlog
from prometheus_client import REGISTRY

from shared.tests.desk import SECRET, app_of, client_of
from shared.tests.forge import Issuer, token

ID = "c0ffee00-0000-4000-8000-000000000000"
JSON = {"content-type": "application/json"}


@pytest.fixture
async def desk() -> AsyncIterator[httpx.AsyncClient]:
    """A client of the small service."""
    async with client_of(app_of(Issuer())) as client:
        yield client


def problem_of(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Return a problem's body after checking that it is one, and that it repeats nothing."""
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["type"].endswith(code)
    assert SECRET not in answer.text
    return body


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
async def test_paper_accepts(good: dict[str, Any], desk: httpx.AsyncClient) -> None:
    """What JSON can only write as text is read from text."""
    assert (await desk.post("/notes", json={"title": "제목"} | good)).status_code == 201


async def test_times_are_kept_in_utc(desk: httpx.AsyncClient) -> None:
    """Whatever offset a time was written with, it is answered in UTC."""
    answer = await desk.post("/notes", json={"title": "제목", "at": "2027-01-01T00:00:00+09:00"})
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
async def test_paper_refuses(bad: dict[str, Any], where: list[str | int], kind: str, desk: httpx.AsyncClient) -> None:
    """Nothing is guessed; the answer says where and what kind of wrong."""
    body = problem_of(await desk.post("/notes", json={"title": "제목"} | bad), 422, "invalid-request")
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
async def test_bodies_with_more_than_one_meaning(body: bytes, status: int, code: str, desk: httpx.AsyncClient) -> None:
    """JSON that two readers could read differently is read by none."""
    problem_of(await desk.post("/notes", content=body, headers=JSON), status, code)


@pytest.mark.parametrize("depth", range(850, 1010, 10))
async def test_nesting_near_the_recursion_limit(depth: int, desk: httpx.AsyncClient) -> None:
    """Whichever reader gives up first, the answer is the caller's fault."""
    answer = await desk.post("/notes", content=b"[" * depth + b"]" * depth, headers=JSON)
    assert answer.status_code in {400, 422}


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", ""],
)
async def test_other_media_types(kind: str, desk: httpx.AsyncClient) -> None:
    """A form another site could post is not taken for JSON."""
    answer = await desk.post("/notes", content=b'{"title": "x"}', headers={"content-type": kind})
    problem_of(answer, 415, "body-not-json")


async def test_chunked_bodies_are_counted(desk: httpx.AsyncClient) -> None:
    """A body that doesn't say its size is cut off at the same one, without being read to its end."""
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b" " * 1024

    problem_of(await desk.post("/notes", content=endless(), headers=JSON), 413, "body-too-large")
    assert read <= 66


async def test_chunked_bodies_are_read(desk: httpx.AsyncClient) -> None:
    """A body in pieces means the same as in one."""

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b'{"tit', b'le": ', b'"x"}'):
            yield piece

    assert (await desk.post("/notes", content=pieces(), headers=JSON)).status_code == 201


@pytest.mark.parametrize("size", ["70000", "-1", "1e3", "99999999999999999999", "٣"])
async def test_the_size_told_is_judged_before_reading(size: str, desk: httpx.AsyncClient) -> None:
    """A size too large, or none at all, needs no reading."""
    headers = [(b"content-type", b"application/json"), (b"content-length", size.encode())]
    request = httpx.Request("POST", "http://desk.test/notes", headers=headers, content=b"{}")
    problem_of(await desk.send(request), 413, "body-too-large")


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ("refused", 409, "unwilling"),
        ("unplanned", 500, "internal-error"),
        ("database-away", 503, "unavailable"),
        ("network", 503, "unavailable"),
        ("deadlock", 503, "unavailable"),
        ("bug", 500, "internal-error"),
    ],
)
async def test_failures_say_nothing_of_their_cause(how: str, status: int, code: str, desk: httpx.AsyncClient) -> None:
    """What passes by itself says when to come back; what doesn't says nothing."""
    answer = await desk.get(f"/fails/{how}")
    body = problem_of(answer, status, code)
    assert ("retry-after" in answer.headers) == (status == 503)
    assert body.get("rule") == ("X1" if how == "refused" else None)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", f"/{SECRET}", 404, "not-found"),
        ("DELETE", "/notes", 405, "method-not-allowed"),
        ("TRACE", "/notes", 405, "method-not-allowed"),
        ("GET", "/notes/%00", 422, "invalid-request"),
        ("GET", "/notes/%ED%A0%80", 422, "invalid-request"),
        ("GET", "/notes/" + "9" * 5000, 422, "invalid-request"),
        ("GET", f"/notes/{ID}?colour={SECRET}", 422, "invalid-request"),
        ("GET", f"/notes/{ID}?colour=%00", 422, "invalid-request"),
        ("GET", f"/notes/{ID}?colour=%ED%A0%80", 422, "invalid-request"),
        ("GET", "/notes?limit=101", 422, "invalid-request"),
        ("GET", "/notes?limit=0", 422, "invalid-request"),
        ("GET", "/notes?limit=" + "9" * 5000, 422, "invalid-request"),
        ("GET", "/notes?cursor=", 422, "invalid-request"),
        ("GET", "/notes?cursor=%00", 422, "invalid-request"),
        ("GET", "/notes?cursor=" + "A" * 55, 422, "bad-cursor"),
    ],
)
async def test_paths_and_queries(method: str, path: str, status: int, code: str, desk: httpx.AsyncClient) -> None:
    """Whatever stands in an address, the answer is a problem and not a failure."""
    problem_of(await desk.request(method, path), status, code)


async def test_all_methods_of_a_path_are_told(desk: httpx.AsyncClient) -> None:
    """Allow names the methods of every route on the path, as RFC 9110 asks."""
    assert (await desk.delete("/notes")).headers["allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("path", ["/notes", "/nowhere", "/fails/unplanned", "/me", "/openapi.json"])
async def test_every_answer_is_guarded(path: str, desk: httpx.AsyncClient) -> None:
    """Good or bad, an answer carries the headers that keep browsers and caches from making more of it."""
    headers = (await desk.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["strict-transport-security"].startswith("max-age=")
    assert headers["cache-control"] == "no-cache"


async def test_personal_answers_are_not_stored(desk: httpx.AsyncClient) -> None:
    """What was asked with a token is kept by no cache."""
    answer = await desk.get("/me", headers={"authorization": f"Bearer {token()}"})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


@pytest.mark.parametrize(("given", "kept"), [("a-b.c_d-12345678", True), ("short", False), ("x" * 65, False)])
async def test_request_id(given: str, kept: bool, desk: httpx.AsyncClient) -> None:  # noqa: FBT001  a row of the table
    """A well-formed id is taken over, so that a request can be followed; any other is replaced."""
    answer = await desk.get("/nowhere", headers={"x-request-id": given})
    assert (answer.json()["request_id"] == given) == kept


async def test_requests_are_measured_by_template(desk: httpx.AsyncClient) -> None:
    """Ids never become labels: a thousand notes are one route."""

    def seen(method: str, route: str, status: str) -> float:
        labels = {"method": method, "route": route, "status": status}
        return REGISTRY.get_sample_value("http_server_request_duration_seconds_count", labels) or 0.0

    before = seen("GET", "/notes/{note_id}", "200"), seen("other", "unmatched", "404")
    await desk.get(f"/notes/{ID}")
    await desk.request("BREW", f"/{ID}")
    assert (seen("GET", "/notes/{note_id}", "200"), seen("other", "unmatched", "404")) == (
        before[0] + 1,
        before[1] + 1,
    )


@pytest.fixture
def told() -> Iterator[list[Any]]:
    """What is logged meanwhile."""
    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as lines:
        yield lines


async def test_failures_are_logged_with_the_request(desk: httpx.AsyncClient, told: list[Any]) -> None:
    """An operator finds the failure by the id its caller was given."""
    answer = await desk.get("/fails/unplanned")
    assert [(line["event"], line["request_id"]) for line in told] == [
        ("request_failed", answer.headers["x-request-id"])
    ]


async def test_pages_follow_each_other(desk: httpx.AsyncClient) -> None:
    """Following `next` shows every item once, in order, and ends."""
    page: dict[str, Any] = (await desk.get("/notes?limit=100")).json()
    titles = [note["title"] for note in page["items"]]
    while page["next"]:
        page = (await desk.get("/notes", params={"limit": 100, "cursor": page["next"]})).json()
        titles += [note["title"] for note in page["items"]]
    assert titles == [str(number) for number in range(250)]


async def test_cursors_can_not_be_made_up(desk: httpx.AsyncClient) -> None:
    """One character changed, and it is no cursor of this list."""
    cursor = (await desk.get("/notes")).json()["next"]
    for place in range(0, 54, 5):
        changed = cursor[:place] + ("B" if cursor[place] == "A" else "A") + cursor[place + 1 :]
        problem_of(await desk.get("/notes", params={"cursor": changed}), 422, "bad-cursor")


async def test_the_document_tells_every_error(desk: httpx.AsyncClient) -> None:
    """Each operation lists its problems, as problem details and nothing else."""
    document = (await desk.get("/openapi.json")).json()
    post = document["paths"]["/notes/once"]["post"]["responses"]
    assert set(post) == {"201", "400", "401", "403", "408", "409", "413", "415", "422", "503"}
    assert set(document["paths"]["/notes/{note_id}"]["get"]["responses"]) == {"200", "400", "404", "422", "503"}
    errors = [answer for status, answer in post.items() if status > "299"]
    assert {json.dumps(answer["content"]) for answer in errors} == {
        '{"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}'
    }
    assert "HTTPValidationError" not in document["components"]["schemas"]
