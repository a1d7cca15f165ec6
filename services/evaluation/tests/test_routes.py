"""The HTTP API: roles, bad input and idempotency."""

from prometheus_client import REGISTRY

from services.evaluation.tests.api import STRATUM, EvaluationApi, problem
from services.evaluation.tests.samples import parameters

ID = "00000000-0000-4000-8000-000000000000"
RULE = parameters().model_dump()
ROUND = {
    "title": "평가",
    "initiative_ids": [ID],
    "seed_commitment": "0" * 64,
    "applications_close_at": "2150-01-01T00:00:00Z",
}
ROUTES = [
    ("POST", f"/initiatives/{ID}/milestones", {"title": "끝", "due_on": "2150-01-01"}, {"agency"}),
    ("POST", f"/initiatives/{ID}/milestones/{ID}/reached", {}, {"agency"}),
    ("POST", f"/initiatives/{ID}/start", None, {"agency"}),
    ("POST", f"/initiatives/{ID}/delays", {"reason": "budget", "due_on": "2150-01-01"}, {"agency"}),
    ("POST", f"/initiatives/{ID}/completion", {}, {"agency"}),
    ("POST", f"/initiatives/{ID}/drop", {"reason": "superseded"}, {"agency"}),
    ("POST", f"/initiatives/{ID}/verification", {}, {"officer"}),
    ("POST", f"/initiatives/{ID}/opinions", {"stance": "mixed", "text": "글쎄요"}, {"citizen"}),
    ("POST", "/rounds", ROUND, {"secretary"}),
    ("PUT", f"/rounds/{ID}/application", STRATUM, {"citizen", "evaluator"}),
    ("GET", f"/rounds/{ID}/application", None, {"citizen", "evaluator"}),
    ("POST", f"/rounds/{ID}/draw", {"seed": "시드"}, {"secretary"}),
    ("POST", f"/rounds/{ID}/cancellation", {"reason": "seed-lost"}, {"secretary"}),
    ("PUT", f"/rounds/{ID}/scores/{ID}", {"score": 1}, {"citizen", "evaluator"}),
    ("PUT", f"/rounds/{ID}/open-scores/{ID}", {"score": 1}, {"citizen"}),
    ("POST", f"/rounds/{ID}/publication", None, {"secretary"}),
]
ROLES = ("citizen", "officer", "member", "chair", "secretary", "agency", "evaluator", "auditor")


async def test_roles(api: EvaluationApi) -> None:
    """Each route is open to its roles only, and refused without a token; the ids in these requests don't exist."""
    for method, path, payload, allowed in ROUTES:
        assert problem(await api.request(method, path, payload))[0] == 401, path
        for role in ROLES:
            answer = await api.request(method, path, payload, role=role)
            expected = {404, 422} if role in allowed else {403}
            assert answer.status_code in expected, (path, role, answer.text)


PUBLIC_ROUTES = ("/initiatives/{}", "/initiatives/{}/opinions", "/rounds/{}", "/rounds/{}/draw", "/rounds/{}/results")


async def test_reading_needs_no_token(api: EvaluationApi) -> None:
    """Reads are public; an unknown id is a 404."""
    for path in PUBLIC_ROUTES:
        assert problem(await api.request("GET", path.format(ID)))[0] == 404, path


BAD = [
    (f"/initiatives/{ID}/opinions", "citizen", {"stance": "angry", "text": "글"}),
    (f"/initiatives/{ID}/opinions", "citizen", {"stance": "mixed", "text": "ㅤ"}),
    (f"/initiatives/{ID}/opinions", "citizen", {"stance": "mixed", "text": "가" * 2001}),
    (f"/initiatives/{ID}/opinions", "citizen", {"stance": "mixed", "text": "a\u0000b"}),
    (f"/initiatives/{ID}/opinions", "citizen", {"stance": "mixed", "text": "글", "name": "jun"}),
    (f"/initiatives/{ID}/delays", "agency", {"reason": "Budget!", "due_on": "2150-01-01"}),
    (f"/initiatives/{ID}/delays", "agency", {"reason": "budget", "due_on": "tomorrow"}),
    (f"/initiatives/{ID}/delays", "agency", {"reason": "budget", "due_on": "2150-02-30"}),
    ("/rounds", "secretary", ROUND | {"initiative_ids": []}),
    ("/rounds", "secretary", ROUND | {"initiative_ids": [ID, ID]}),
    ("/rounds", "secretary", ROUND | {"seed_commitment": "F" * 64}),
    ("/rounds", "secretary", ROUND | {"seed_commitment": "0" * 63}),
    ("/rounds", "secretary", ROUND | {"panel_size": 0}),
    ("/rounds", "secretary", ROUND | {"applications_close_at": "2150-01-01T00:00:00"}),
    (f"/rounds/{ID}/draw", "secretary", {"seed": ""}),
    *(
        ("/rules", "secretary", {"article": "제3조", "parameters": RULE | wrong})
        for wrong in (
            {"panel_weight": 0},
            {"panel_weight": "7"},
            {"panel_weight": 7.0},
            {"panel_weight": True},
            {"time_zone": "Asia"},
            {"regions": ["서울\u202e"]},
            {"regions": ["\u3164"]},
            {"regions": ["\u200b"]},
            {"sexes": [" female"]},
            {"age_bands": ["\ue000"]},
        )
    ),
    ("/rules", "secretary", {"article": "제3조", "parameters": {"panel_weight": 8}}),
]


async def test_bad_input(api: EvaluationApi) -> None:
    """Bad input is a 422 that doesn't repeat the input."""
    for path, role, payload in BAD:
        answer = await api.request("POST", path, payload, role=role)
        assert problem(answer)[0] == 422, payload
        assert "jun" not in answer.text


async def test_bad_scores(api: EvaluationApi) -> None:
    """E11: a score is an integer from 0 to 100; nothing is coerced to one."""
    for score in (-1, 101, 1.5, "80", True, None):
        answer = await api.request("PUT", f"/rounds/{ID}/scores/{ID}", {"score": score}, role="citizen")
        assert problem(answer)[0] == 422, score


async def test_a_retry_has_one_effect(api: EvaluationApi) -> None:
    """Requests with the same Idempotency-Key open one round or milestone, and get the same response."""
    done = await api.initiative("done")
    payloads = [("/rounds", "secretary", ROUND | {"initiative_ids": [done]})]
    planned = await api.initiative()
    payloads.append((f"/initiatives/{planned}/milestones", "agency", {"title": "끝", "due_on": "2150-01-01"}))
    for path, role, payload in payloads:
        first, second = [
            await api.request("POST", path, payload, role=role, name=role, Idempotency_Key="k") for _ in range(2)
        ]
        assert (second.status_code, second.content) == (first.status_code, first.content)
    assert await api.count("round") == 1
    assert await api.count("milestone") == 1


async def test_metrics_count_effects_only(api: EvaluationApi) -> None:
    """A replayed and a refused request count no opinion."""

    def given() -> float:
        return REGISTRY.get_sample_value("evaluation_opinions_total") or 0

    before, payload = given(), {"stance": "mixed", "text": "글쎄요"}
    path = f"/initiatives/{await api.initiative()}/opinions"
    for _ in range(2):
        answer = await api.request("POST", path, payload, role="citizen", Idempotency_Key="k")
        assert answer.status_code == 201
    await api.request("POST", f"/initiatives/{ID}/opinions", payload, role="citizen")
    assert given() == before + 1


async def test_documents_name_rules_and_roles(api: EvaluationApi) -> None:
    """The OpenAPI document has each route's roles and problem codes."""
    document = await api.get("/openapi.json")
    draw = document["paths"]["/rounds/{round_id}/draw"]["post"]
    assert draw["security"] == [{"bearer": ["secretary"]}]
    assert "applications-still-open" in draw["responses"]["409"]["description"]
    assert "seed-does-not-match" in draw["responses"]["422"]["description"]
    asyncapi = (await api.request("GET", "/asyncapi.json")).text
    assert "evaluation.round-cancelled.v1" in asyncapi
    assert "committee.directive-issued.v1" in asyncapi
