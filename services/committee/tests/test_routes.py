"""The HTTP API: roles, public data, pages, idempotency, and that no person is public."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.committee.tests.api import MEMBERS, CommitteeApi, problem
from townhall.contracts.roles import Role

pytestmark = pytest.mark.asyncio(loop_scope="session")

SITTING = {"sits_at": "2199-01-01T00:00:00Z", "capacity": 1}
MEETING = {"meets_at": "2199-01-01T00:00:00Z", "capacity": 1}
ROUTES: list[tuple[str, str, Any, set[Role]]] = [
    ("POST", "/sittings", SITTING, {Role.SECRETARY}),
    ("PUT", "/sittings/{id}/attendance", None, {Role.MEMBER, Role.CHAIR}),
    ("POST", "/sittings/{id}/opening", None, {Role.CHAIR}),
    ("POST", "/sittings/{id}/closing", None, {Role.CHAIR}),
    ("PUT", "/cases/{id}/recusal", {"reason": "가족"}, {Role.MEMBER, Role.CHAIR}),
    ("PUT", "/cases/{id}/position", {"stance": "for"}, {Role.MEMBER, Role.CHAIR}),
    ("GET", "/cases/{id}/position", None, {Role.MEMBER, Role.CHAIR}),
    ("POST", "/cases/{id}/decision", {"decision": "declined", "reasons": ["unlawful"]}, {Role.CHAIR}),
    ("POST", "/strategy-meetings", MEETING, {Role.SECRETARY}),
    (
        "POST",
        "/strategy-meetings/{id}/outcomes",
        {"case_id": str(uuid4()), "outcome": "returned", "reason": "unlawful"},
        {Role.SECRETARY},
    ),
]
PUBLIC = ("/cases", "/sittings", "/strategy-meetings", "/directives", "/rules")
PEOPLE = text("SELECT person FROM attendance UNION SELECT person FROM recusal UNION SELECT person FROM position")
ANNOUNCED = text("SELECT string_agg(convert_from(payload, 'UTF8') || headers::text || key, '') FROM outbox")


@pytest.mark.parametrize(("method", "path", "payload", "allowed"), ROUTES)
async def test_roles(api: CommitteeApi, method: str, path: str, payload: Any, allowed: set[Role]) -> None:  # noqa: ANN401  a JSON document
    """Each route is allowed to its roles only, and refused without a token."""
    url = path.format(id=uuid4())
    assert problem(await api.call(method, url, payload)) == (401, "token-missing")
    for role in Role:
        response = await api.call(method, url, payload, **{role: "somebody"})
        assert (response.status_code != 403) is (role in allowed), (role, response.text)
        assert response.status_code in {201, 403, 404}, response.text


async def test_public_reading(api: CommitteeApi) -> None:
    """Lists and single records are public; an unknown id gets 404."""
    for path in PUBLIC:
        assert (await api.call("GET", path)).status_code == 200
    for path in PUBLIC[:-1]:
        assert (await api.call("GET", f"{path}/{uuid4()}")).status_code == 404


async def test_pages(api: CommitteeApi) -> None:
    """Pages of one item show each item once, in order, filtered by state."""
    cases = await api.opened(5)
    sittings = [await api.sitting(hours=hour, capacity=1) for hour in (3, 2)]
    for path, expected in (
        ("/cases", [str(each) for each in reversed(cases)]),
        ("/cases?state=docketed", [str(each) for each in reversed(cases[:2])]),
        ("/sittings?state=called", sittings),
    ):
        assert await _all(api, path) == expected


async def _all(api: CommitteeApi, path: str) -> list[str]:
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await api.json("GET", f"{path}{'&' if '?' in path else '?'}limit=1" + (cursor and f"&cursor={cursor}"))
        found += [each.get("case_id") or each["sitting_id"] for each in page["items"]]
        cursor = page["next"]
    return found


async def test_a_retry_creates_one_sitting(api: CommitteeApi) -> None:
    """Two requests with the same Idempotency-Key get the same response and create one sitting."""
    headers = dict(api.mint("secretary", "yun").header) | {"Idempotency-Key": "spring-sitting"}
    responses = [await api.http.post("/sittings", json=SITTING, headers=headers) for _ in range(2)]
    assert responses[0].json() == responses[1].json()
    assert len((await api.json("GET", "/sittings"))["items"]) == 1


async def test_no_person_is_public(api: CommitteeApi) -> None:
    """C19: after a deliberation no member, no member's note and no reason of a recusal is in any response or event."""
    (case_id,) = await api.opened()
    sitting_id = await api.sitting()
    await api.open(sitting_id)
    await api.json("PUT", f"/sittings/{sitting_id}/attendance", member="park-jiho")
    await api.json("PUT", f"/cases/{case_id}/recusal", {"reason": "숨은사유"}, member="park-jiho")
    payload = {"stance": "for", "note": "숨은의견"}
    responses = [await api.call("PUT", f"/cases/{case_id}/position", payload, member=each) for each in MEMBERS[:2]]
    responses += [await api.decide(case_id), await api.call("GET", "/metrics")]
    responses += [await api.call("GET", path) for path in (*PUBLIC, f"/cases/{case_id}", f"/sittings/{sitting_id}")]
    async with api.db.reading() as session:
        people = list(await session.scalars(PEOPLE))
        announced = (await session.execute(ANNOUNCED)).scalar_one()
    public = announced + "".join(response.text for response in responses[2:])
    assert len(people) == 4
    assert not [secret for secret in (*people, "park-jiho", "숨은사유", "숨은의견") if secret in public]


async def test_the_openapi_document_has_examples_and_refusals(api: CommitteeApi) -> None:
    """Required fields of request bodies have examples; a decision lists its refusals with their rules."""
    document = await api.json("GET", "/openapi.json")
    payloads = {name: schema for name, schema in document["components"]["schemas"].items() if name.endswith("Request")}
    without = [
        f"{name}.{field}"
        for name, schema in payloads.items()
        for field in schema.get("required", ())
        if not {"examples", "$ref", "format"} & schema["properties"][field].keys()
    ]
    assert without == []
    decision = document["paths"]["/cases/{case_id}/decision"]["post"]["responses"]
    assert "`no-decision-quorum` C9" in decision["409"]["description"]
    assert "`unknown-reason` C18" in decision["422"]["description"]
