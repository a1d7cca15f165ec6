"""The HTTP API on real PostgreSQL: what citizens and officers do, and what is public."""

from prometheus_client import REGISTRY
from services.proposal.tests.api import ADMIT, PAPER, TASK, ProposalApi, refused
from sqlalchemy import text

PEOPLE = text("SELECT author FROM proposal UNION SELECT supporter FROM support")
ANNOUNCED = text("SELECT string_agg(convert_from(payload, 'UTF8') || headers::text || key, '') FROM outbox")


async def test_from_proposal_to_task(api: ProposalApi) -> None:
    """A proposal is submitted, supported, admitted, put to the vote and referred, and anyone can follow it."""
    proposal_id = await api.proposal()
    supported = await api.ask("PUT", f"/proposals/{proposal_id}/support", role="citizen", name="jun")
    assert supported.json() == {"proposal_id": proposal_id, "supported": True, "supports": 1}
    await api.ask("POST", f"/proposals/{proposal_id}/screening", ADMIT, role="officer", name="desk")
    payload = TASK | {"origin": "proposals", "proposal_ids": [proposal_id, proposal_id], "reason": "public-interest"}
    task = (await api.ask("POST", "/tasks", payload, role="officer", name="desk")).json()
    assert (task["state"], task["proposal_ids"], task["rule"]["version"]) == ("selected", [proposal_id], 1)
    shown = await api.get(f"/proposals/{proposal_id}")
    assert (shown["state"], shown["supports"], shown["task_ids"]) == ("admitted", 1, [task["task_id"]])
    assert (shown["screening"]["decision"], shown["screening"]["acted_by"]) == ("admit", "officer")
    why = {"reason": "few-concerned", "note": "소수의 문제입니다."}
    before = REGISTRY.get_sample_value("proposal_tasks_referred_total") or 0.0
    referred = await api.ask("POST", f"/tasks/{task['task_id']}/referral", why, role="officer", name="desk")
    assert REGISTRY.get_sample_value("proposal_tasks_referred_total") == before + 1
    assert referred.json()["state"] == (await api.get(f"/tasks/{task['task_id']}"))["state"] == "referred"
    left = await api.ask("DELETE", f"/proposals/{proposal_id}/support", role="citizen", name="jun")
    assert left.json()["supports"] == 0


async def test_returned_and_resubmitted(api: ProposalApi) -> None:
    """The author improves what was returned, and nobody else does."""
    returned = (await api.screened({"decision": "request-revision", "reason": "unclear"})).json()
    path = f"/proposals/{returned['proposal_id']}/resubmission"
    assert refused(await api.ask("POST", path, PAPER, role="citizen", name="jun")) == (403, "not-your-proposal")
    again = await api.ask("POST", path, PAPER | {"title": "개선된 제목"}, role="citizen")
    assert (again.json()["state"], again.json()["title"]) == ("screening", "개선된 제목")


async def test_every_decision_stays_public(api: ProposalApi) -> None:
    """P5: an earlier return is still told, with its reason, when the improved text was returned again and admitted."""
    returned = (await api.screened({"decision": "request-revision", "reason": "unclear", "note": "어디인가요?"})).json()
    path = f"/proposals/{returned['proposal_id']}"
    for decision in ({"decision": "request-revision", "reason": "no-remedy"}, ADMIT):
        await api.ask("POST", f"{path}/resubmission", PAPER, role="citizen")
        await api.ask("POST", f"{path}/screening", decision, role="officer", name="desk")
    decided = await api.get(path)
    earlier = [(each["decision"], each["reason"], each["note"]) for each in decided["earlier_screenings"]]
    assert earlier == [("request-revision", "unclear", "어디인가요?"), ("request-revision", "no-remedy", "")]
    assert (decided["screening"]["decision"], decided["screening"]["reason"]) == ("admit", "meets-requirements")
    (listed,) = (await api.get("/proposals"))["items"]
    assert listed == decided


async def test_merged_and_withdrawn(api: ProposalApi) -> None:
    """The lineage of a merge is public; an author takes a proposal back."""
    other = await api.proposal()
    merged = (await api.screened({"decision": "merge", "reason": "same-problem", "merge_into": other})).json()
    assert (merged["state"], merged["merged_into"]) == ("merged", other)
    withdrawn = await api.ask("POST", f"/proposals/{other}/withdrawal", {}, role="citizen")
    assert withdrawn.json()["state"] == "withdrawn"


async def test_nobody_is_named(api: ProposalApi) -> None:
    """P17: neither author nor supporter is in any answer or announcement, by name or by pseudonym."""
    proposal_id = await api.proposal("mina-the-author")
    await api.ask("PUT", f"/proposals/{proposal_id}/support", role="citizen", name="jun-the-supporter")
    async with api.db.reading() as session:
        people = (await session.execute(PEOPLE)).scalars().all()
        said = (await session.execute(ANNOUNCED)).scalar_one()
    assert len(people) == 2
    seen = str(said) + str(await api.get("/proposals")) + (await api.http.get("/metrics")).text
    for person in (*people, "mina-the-author", "jun-the-supporter"):
        assert person not in seen


async def test_pages_follow_each_other(api: ProposalApi) -> None:
    """Every proposal is on exactly one page, newest first."""
    made = [await api.proposal() for _ in range(5)]
    seen: list[str] = []
    path: str | None = "/proposals?limit=2"
    while path:
        page = await api.get(path)
        seen += [each["proposal_id"] for each in page["items"]]
        path = page["next"] and f"/proposals?limit=2&cursor={page['next']}"
    assert seen == made[::-1]
    assert [each["proposal_id"] for each in (await api.get("/proposals?state=screening"))["items"]] == made[::-1]
    assert (await api.get("/proposals?state=admitted"))["items"] == []


async def test_a_retry_creates_once(api: ProposalApi) -> None:
    """The same Idempotency-Key is answered alike and makes one proposal."""
    answers = [await api.ask("POST", "/proposals", PAPER, role="citizen", Idempotency_Key="a-key") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len((await api.get("/proposals"))["items"]) == 1


async def test_quota_says_when_to_come_back(api: ProposalApi) -> None:
    """P2: the refusal of the eleventh says so, with a time to wait."""
    for _ in range(10):
        await api.proposal()
    answer = await api.ask("POST", "/proposals", PAPER, role="citizen")
    assert refused(answer) == (429, "too-many-proposals")
    assert int(answer.headers["retry-after"]) > 0
    assert (answer.json()["rule"], (await api.ask("POST", "/proposals", PAPER, role="agency")).status_code) == (
        "P2",
        201,
    )


async def test_documents_declare_the_refusals(api: ProposalApi) -> None:
    """The published API names the reasons that may be given and the codes that may come back."""
    document = (await api.http.get("/openapi.json")).json()
    screening = document["paths"]["/proposals/{proposal_id}/screening"]["post"]["responses"]
    assert "`merge-would-circle` P7" in screening["409"]["description"]
    assert "`unknown-reason` P5" in screening["422"]["description"]
    assert "`own-proposal` P4" in screening["403"]["description"]
    reason = document["components"]["schemas"]["ScreeningRequest"]["properties"]["reason"]
    assert "`outside-remit`" in reason["description"]
    assert "429" in document["paths"]["/proposals"]["post"]["responses"]
