"""The HTTP API over PostgreSQL: what citizens and officers do, and what is public."""

from prometheus_client import REGISTRY
from sqlalchemy import text

from services.proposal.tests.api import ADMIT, PROPOSAL, TASK, ProposalApi, problem

PEOPLE = text("SELECT author FROM proposal UNION SELECT supporter FROM support")
ANNOUNCED = text("SELECT string_agg(convert_from(payload, 'UTF8') || headers::text || key, '') FROM outbox")


async def test_from_proposal_to_task(api: ProposalApi) -> None:
    """A proposal is submitted, supported, admitted, put to the vote and referred; each step is public."""
    proposal_id = await api.proposal()
    supported = await api.call("PUT", f"/proposals/{proposal_id}/support", role="citizen", name="jun")
    assert supported.json() == {"proposal_id": proposal_id, "supported": True, "supports": 1}
    await api.call("POST", f"/proposals/{proposal_id}/screening", ADMIT, role="officer", name="officer")
    payload = TASK | {"origin": "proposals", "proposal_ids": [proposal_id, proposal_id], "reason": "public-interest"}
    task = (await api.call("POST", "/tasks", payload, role="officer", name="officer")).json()
    assert (task["state"], task["proposal_ids"], task["rule"]["version"]) == ("selected", [proposal_id], 1)
    public = await api.get(f"/proposals/{proposal_id}")
    assert (public["state"], public["supports"], public["task_ids"]) == ("admitted", 1, [task["task_id"]])
    assert (public["screening"]["decision"], public["screening"]["acted_by"]) == ("admit", "officer")
    reason = {"reason": "few-concerned", "note": "소수의 문제입니다."}
    before = REGISTRY.get_sample_value("proposal_tasks_referred_total") or 0.0
    referred = await api.call("POST", f"/tasks/{task['task_id']}/referral", reason, role="officer", name="officer")
    assert REGISTRY.get_sample_value("proposal_tasks_referred_total") == before + 1
    assert referred.json()["state"] == (await api.get(f"/tasks/{task['task_id']}"))["state"] == "referred"
    withdrawn = await api.call("DELETE", f"/proposals/{proposal_id}/support", role="citizen", name="jun")
    assert withdrawn.json()["supports"] == 0


async def test_resubmission(api: ProposalApi) -> None:
    """P8: after a requested revision the author resubmits, and nobody else."""
    screened = (await api.screened({"decision": "request-revision", "reason": "unclear"})).json()
    path = f"/proposals/{screened['proposal_id']}/resubmission"
    assert problem(await api.call("POST", path, PROPOSAL, role="citizen", name="jun")) == (403, "not-your-proposal")
    resubmitted = await api.call("POST", path, PROPOSAL | {"title": "개선된 제목"}, role="citizen")
    assert (resubmitted.json()["state"], resubmitted.json()["title"]) == ("screening", "개선된 제목")


async def test_every_decision_stays_public(api: ProposalApi) -> None:
    """P5: earlier requests for a revision stay public, with their reasons, after the admission."""
    screened = (await api.screened({"decision": "request-revision", "reason": "unclear", "note": "어디인가요?"})).json()
    path = f"/proposals/{screened['proposal_id']}"
    for decision in ({"decision": "request-revision", "reason": "no-remedy"}, ADMIT):
        await api.call("POST", f"{path}/resubmission", PROPOSAL, role="citizen")
        await api.call("POST", f"{path}/screening", decision, role="officer", name="officer")
    decided = await api.get(path)
    earlier = [(each["decision"], each["reason"], each["note"]) for each in decided["earlier_screenings"]]
    assert earlier == [("request-revision", "unclear", "어디인가요?"), ("request-revision", "no-remedy", "")]
    assert (decided["screening"]["decision"], decided["screening"]["reason"]) == ("admit", "meets-requirements")
    (in_list,) = (await api.get("/proposals"))["items"]
    assert in_list == decided


async def test_merge_and_withdrawal(api: ProposalApi) -> None:
    """P7, P9: a merged proposal names its target; an author withdraws a proposal."""
    other = await api.proposal()
    merged = (await api.screened({"decision": "merge", "reason": "same-problem", "merge_into": other})).json()
    assert (merged["state"], merged["merged_into"]) == ("merged", other)
    withdrawn = await api.call("POST", f"/proposals/{other}/withdrawal", {}, role="citizen")
    assert withdrawn.json()["state"] == "withdrawn"


async def test_no_person_is_public(api: ProposalApi) -> None:
    """P17: no author and no supporter is in any response, event or metric, by name or by pseudonym."""
    proposal_id = await api.proposal("mina-the-author")
    await api.call("PUT", f"/proposals/{proposal_id}/support", role="citizen", name="jun-the-supporter")
    async with api.db.reading() as session:
        people = (await session.execute(PEOPLE)).scalars().all()
        announced = (await session.execute(ANNOUNCED)).scalar_one()
    assert len(people) == 2
    public = str(announced) + str(await api.get("/proposals")) + (await api.http.get("/metrics")).text
    for person in (*people, "mina-the-author", "jun-the-supporter"):
        assert person not in public


async def test_pages(api: ProposalApi) -> None:
    """Every proposal is on exactly one page, newest first."""
    created = [await api.proposal() for _ in range(5)]
    listed: list[str] = []
    path: str | None = "/proposals?limit=2"
    while path:
        page = await api.get(path)
        listed += [each["proposal_id"] for each in page["items"]]
        path = page["next"] and f"/proposals?limit=2&cursor={page['next']}"
    assert listed == created[::-1]
    assert [each["proposal_id"] for each in (await api.get("/proposals?state=screening"))["items"]] == created[::-1]
    assert (await api.get("/proposals?state=admitted"))["items"] == []


async def test_a_retry_creates_one_proposal(api: ProposalApi) -> None:
    """Two requests with the same Idempotency-Key get the same response and create one proposal."""
    responses = [
        await api.call("POST", "/proposals", PROPOSAL, role="citizen", Idempotency_Key="a-key") for _ in range(2)
    ]
    assert responses[0].json() == responses[1].json()
    assert len((await api.get("/proposals"))["items"]) == 1


async def test_the_quota_is_refused_with_retry_after(api: ProposalApi) -> None:
    """P2: the eleventh proposal is refused with 429 and Retry-After; an agency has no quota."""
    for _ in range(10):
        await api.proposal()
    response = await api.call("POST", "/proposals", PROPOSAL, role="citizen")
    assert problem(response) == (429, "too-many-proposals")
    assert int(response.headers["retry-after"]) > 0
    assert (response.json()["rule"], (await api.call("POST", "/proposals", PROPOSAL, role="agency")).status_code) == (
        "P2",
        201,
    )


async def test_the_openapi_document_lists_reasons_and_refusals(api: ProposalApi) -> None:
    """The OpenAPI document lists the allowed reasons, and the refusals with their rules."""
    document = (await api.http.get("/openapi.json")).json()
    screening = document["paths"]["/proposals/{proposal_id}/screening"]["post"]["responses"]
    assert "`merge-would-circle` P7" in screening["409"]["description"]
    assert "`unknown-reason` P5" in screening["422"]["description"]
    assert "`own-proposal` P4" in screening["403"]["description"]
    reason = document["components"]["schemas"]["ScreeningRequest"]["properties"]["reason"]
    assert "`outside-remit`" in reason["description"]
    assert "429" in document["paths"]["/proposals"]["post"]["responses"]
