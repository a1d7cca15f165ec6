"""The roles of each route, and the responses to bad input."""

from uuid import uuid4

import pytest

from services.proposal.tests.api import ADMIT, PROPOSAL, TASK, Json, ProposalApi, problem


@pytest.mark.parametrize(
    ("payload", "status", "code"),
    [
        ({"decision": "admit", "reason": "because"}, 422, "unknown-reason"),
        ({"decision": "admit", "reason": "unclear"}, 422, "unknown-reason"),
        ({"decision": "merge", "reason": "same-problem"}, 422, "details-do-not-fit-the-decision"),
        ({"decision": "merge", "reason": "same-problem", "merge_into": str(uuid4())}, 422, "merge-target-unknown"),
        ({"decision": "transfer", "reason": "local-matter"}, 422, "details-do-not-fit-the-decision"),
        ({"decision": "withdraw", "reason": "unclear"}, 422, "invalid-request"),
        ({"decision": "admit", "reason": "x'; DROP TABLE proposal; --"}, 422, "invalid-request"),
        ({"decision": "admit", "reason": "meets-requirements", "note": "\u0000"}, 422, "invalid-request"),
        ({}, 422, "invalid-request"),
    ],
)
async def test_refused_screenings(api: ProposalApi, payload: Json, status: int, code: str) -> None:
    """P5, P6, P7: bad input gets a problem with a public code, and the proposal doesn't change."""
    assert problem(await api.screened(payload)) == (status, code)
    assert [each["state"] for each in (await api.get("/proposals"))["items"]] == ["screening"]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"closes_at": "2020-01-01T00:00:00Z"}, 422, "closes-before-opening"),
        ({"opens_at": "2020-01-01T00:00:00Z"}, 422, "opens-in-the-past"),
        ({"opens_at": "2190-01-01T00:00:00Z"}, 422, "opens-too-late"),
        ({"closes_at": "2190-01-01T00:00:00Z"}, 422, "lasts-too-long"),
        ({"opens_at": "9999-12-31T23:59:59-12:00"}, 422, "invalid-request"),
        ({"origin": "proposals"}, 422, "lineage-does-not-fit-the-origin"),
        ({"origin": "proposals", "proposal_ids": [str(uuid4())]}, 422, "proposal-unknown"),
        ({"origin": "somewhere"}, 422, "invalid-request"),
        ({"proposal_ids": [str(uuid4())] * 101}, 422, "invalid-request"),
        ({"title": "\u3164"}, 422, "invalid-request"),
        ({"title": "가" * 101}, 422, "invalid-request"),
    ],
)
async def test_refused_selections(api: ProposalApi, change: Json, status: int, code: str) -> None:
    """P11, P12: each rule has its own public code, and no task is created."""
    assert problem(await api.call("POST", "/tasks", TASK | change, role="officer")) == (status, code)
    assert (await api.get("/tasks"))["items"] == []


async def test_selecting_a_proposal_in_screening(api: ProposalApi) -> None:
    """P11: a proposal in screening is refused."""
    payload = TASK | {"origin": "proposals", "proposal_ids": [await api.proposal()]}
    response = await api.call("POST", "/tasks", payload | {"reason": "public-interest"}, role="officer")
    assert problem(response) == (409, "proposal-not-admitted")


@pytest.mark.parametrize(
    ("method", "path", "payload", "roles"),
    [
        ("POST", "/proposals", PROPOSAL, {"citizen", "agency", "officer"}),
        ("POST", "/proposals/{}/resubmission", PROPOSAL, {"citizen", "agency", "officer"}),
        ("POST", "/proposals/{}/withdrawal", {}, {"citizen", "agency", "officer"}),
        ("PUT", "/proposals/{}/support", None, {"citizen"}),
        ("DELETE", "/proposals/{}/support", None, {"citizen"}),
        ("POST", "/proposals/{}/screening", ADMIT, {"officer"}),
        ("POST", "/tasks", TASK, {"officer"}),
        ("POST", "/tasks/{}/referral", {"reason": "urgent"}, {"officer"}),
    ],
)
async def test_roles(api: ProposalApi, method: str, path: str, payload: Json | None, roles: set[str]) -> None:
    """Every write is allowed to its roles only, and refused without a token."""
    path = path.format(uuid4())
    assert (await api.call(method, path, payload)).status_code == 401
    for role in ("citizen", "officer", "member", "chair", "secretary", "agency", "evaluator", "auditor"):
        response = await api.call(method, path, payload, role=role)
        assert (problem(response) if response.is_error else "") != (403, "role-not-allowed") or role not in roles
        assert response.status_code == 403 or role in roles


@pytest.mark.parametrize("path", ["/proposals/{}", "/tasks/{}"])
async def test_unknown_ids(api: ProposalApi, path: str) -> None:
    """An unknown id gets 404, a malformed one 422; a path that is percent-encoded gets 404 for any id."""
    assert (await api.call("GET", path.format(uuid4()))).status_code == 404
    assert (await api.call("GET", path.format("not-an-id"))).status_code == 422
    assert (await api.call("GET", path.format("'; --"))).status_code == 404
