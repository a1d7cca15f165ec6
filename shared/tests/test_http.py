"""HTTP: problems without echoes of the input, limits, request ids and metrics of every response."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import structlog
from prometheus_client import REGISTRY

from shared.tests.sample_service import SECRET, app_of, client_of, problem_of
from shared.tests.token_variants import Issuer, token

ID = "c0ffee00-0000-4000-8000-000000000000"
JSON = {"content-type": "application/json"}


@pytest.fixture
async def sample_service() -> AsyncIterator[httpx.AsyncClient]:
    """A client of the small service."""
    async with client_of(app_of(Issuer())) as client:
        yield client


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
async def test_failures_say_nothing_of_their_cause(
    how: str, status: int, code: str, sample_service: httpx.AsyncClient
) -> None:
    """What passes by itself says when to come back; what doesn't says nothing."""
    answer = await sample_service.get(f"/fails/{how}")
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
        ("GET", "/notes/%00", 404, "not-found"),
        ("GET", "/notes/%ED%A0%80", 404, "not-found"),
        ("GET", "/notes%2F" + ID, 404, "not-found"),
        ("GET", "/note%73/" + ID, 404, "not-found"),
        ("GET", "/notes/" + ID.upper(), 404, "not-found"),
        ("GET", "/notes/" + ID.replace("-", ""), 404, "not-found"),
        ("GET", "/notes/urn:uuid:" + ID, 404, "not-found"),
        ("GET", "//notes", 404, "not-found"),
        ("GET", "/notes/", 404, "not-found"),
        ("POST", "/notes/", 404, "not-found"),
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
async def test_paths_and_queries(
    method: str, path: str, status: int, code: str, sample_service: httpx.AsyncClient
) -> None:
    """Whatever stands in an address, the answer is a problem and not a failure."""
    problem_of(await sample_service.request(method, path), status, code)


async def test_allow_lists_all_methods_of_a_path(sample_service: httpx.AsyncClient) -> None:
    """Allow has the methods of every route on the path, as RFC 9110 requires."""
    assert (await sample_service.delete("/notes")).headers["allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("path", ["/notes", "/nowhere", "/fails/unplanned", "/me", "/openapi.json"])
async def test_every_answer_is_guarded(path: str, sample_service: httpx.AsyncClient) -> None:
    """Good or bad, an answer carries the headers that keep browsers and caches from making more of it."""
    headers = (await sample_service.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["strict-transport-security"].startswith("max-age=")
    assert headers["cache-control"] == "no-cache"


async def test_personal_answers_are_not_stored(sample_service: httpx.AsyncClient) -> None:
    """What was asked with a token is kept by no cache."""
    answer = await sample_service.get("/notes", headers={"authorization": f"Bearer {token()}"})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


@pytest.mark.parametrize(
    "host", ["", " ", "a b", "a/b", "user@host", "host:", "host:1x", "[::1", "호스트", "a,b", "%00"]
)
async def test_a_host_that_is_none_is_refused(host: str, sample_service: httpx.AsyncClient) -> None:
    """Whatever the proxy in front took it for."""
    answer = await sample_service.get("/notes", headers=[(b"host", host.encode())])
    problem_of(answer, 400, "host-invalid")


@pytest.mark.parametrize("hosts", [[], ["desk", "desk"], ["desk", "other"]])
async def test_there_is_one_host(hosts: list[str], sample_service: httpx.AsyncClient) -> None:
    """None and two are refused (RFC 9112, section 3.2)."""
    request = sample_service.build_request("GET", "/notes")
    del request.headers["host"]
    request.headers = httpx.Headers([*request.headers.multi_items(), *(("host", host) for host in hosts)])
    problem_of(await sample_service.send(request), 400, "host-invalid")


@pytest.mark.parametrize("host", ["desk", "sample_service.test:8100", "127.0.0.1", "[::1]:443", "DESK_1"])
async def test_hosts(host: str, sample_service: httpx.AsyncClient) -> None:
    """Names, addresses and ports; which names are served is the proxy's to say."""
    assert (await sample_service.get("/notes", headers={"host": host})).status_code == 200


@pytest.mark.parametrize("coding", ["gzip", "identity", "", "br, gzip"])
async def test_a_body_with_a_coding_is_refused(coding: str, sample_service: httpx.AsyncClient) -> None:
    """Plain JSON that claims to be compressed would be read differently by two readers."""
    answer = await sample_service.post("/notes", content=b'{"title":"a"}', headers=JSON | {"content-encoding": coding})
    problem_of(answer, 415, "body-encoded")


@pytest.mark.parametrize(("given", "kept"), [("a-b.c_d-12345678", True), ("short", False), ("x" * 65, False)])
async def test_request_id(given: str, kept: bool, sample_service: httpx.AsyncClient) -> None:  # noqa: FBT001  a row of the table
    """A well-formed id is taken over, so that a request can be followed; any other is replaced."""
    answer = await sample_service.get("/nowhere", headers={"x-request-id": given})
    assert (answer.json()["request_id"] == given) == kept


async def test_requests_are_measured_by_template(sample_service: httpx.AsyncClient) -> None:
    """Ids never become labels: a thousand notes are one route."""

    def seen(method: str, route: str, status: str) -> float:
        labels = {"method": method, "route": route, "status": status}
        return REGISTRY.get_sample_value("http_server_request_duration_seconds_count", labels) or 0.0

    before = seen("GET", "/notes/{note_id}", "200"), seen("other", "unmatched", "404")
    await sample_service.get(f"/notes/{ID}")
    await sample_service.request("BREW", f"/{ID}")
    assert (seen("GET", "/notes/{note_id}", "200"), seen("other", "unmatched", "404")) == (
        before[0] + 1,
        before[1] + 1,
    )


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    """What is logged meanwhile."""
    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as lines:
        yield lines


async def test_failures_are_logged_with_the_request(sample_service: httpx.AsyncClient, logged: list[Any]) -> None:
    """An operator finds the failure by the id its caller was given."""
    answer = await sample_service.get("/fails/unplanned")
    assert [(line["event"], line["request_id"]) for line in logged] == [
        ("request_failed", answer.headers["x-request-id"])
    ]


async def test_pages_follow_each_other(sample_service: httpx.AsyncClient) -> None:
    """Following `next` shows every item once, in order, and ends."""
    page: dict[str, Any] = (await sample_service.get("/notes?limit=100")).json()
    titles = [note["title"] for note in page["items"]]
    while page["next"]:
        page = (await sample_service.get("/notes", params={"limit": 100, "cursor": page["next"]})).json()
        titles += [note["title"] for note in page["items"]]
    assert titles == [str(number) for number in range(250)]


async def test_cursors_can_not_be_made_up(sample_service: httpx.AsyncClient) -> None:
    """One character changed, and it is no cursor of this list."""
    cursor = (await sample_service.get("/notes")).json()["next"]
    for place in range(0, 54, 5):
        changed = cursor[:place] + ("B" if cursor[place] == "A" else "A") + cursor[place + 1 :]
        problem_of(await sample_service.get("/notes", params={"cursor": changed}), 422, "bad-cursor")


async def test_the_document_tells_every_error(sample_service: httpx.AsyncClient) -> None:
    """Each operation lists its problems, as problem details and nothing else."""
    document = (await sample_service.get("/openapi.json")).json()
    post = document["paths"]["/notes/once"]["post"]["responses"]
    assert set(post) == {"201", "400", "401", "403", "408", "409", "413", "415", "422", "503"}
    assert set(document["paths"]["/notes/{note_id}"]["get"]["responses"]) == {"200", "400", "404", "422", "503"}
    errors = [answer for status, answer in post.items() if status > "299"]
    assert {json.dumps(answer["content"]) for answer in errors} == {
        '{"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}'
    }
    assert "HTTPValidationError" not in document["components"]["schemas"]
