"""The HTTP API on real PostgreSQL: what citizens and officers do, and what is public."""

from sqlalchemy import text

from services.proposal.tests.town import ADMIT, PAPER, TASK, Town, refused

PEOPLE = text("SELECT author FROM proposal UNION SELECT supporter FROM support")
ANNOUNCED = text("SELECT string_agg(convert_from(payload, 'UTF8') || headers::text || key, '') FROM outbox")


async def test_from_proposal_to_task(town: Town) -> None:
    """A proposal is submitted, supported, admitted, put to the vote and referred, and anyone can follow it."""
    proposal_id = await town.proposal()
    supported = await town.ask("PUT", f"/proposals/{proposal_id}/support", role="citizen", name="jun")
    assert supported.json() == {"proposal_id": proposal_id, "supported": True, "supports": 1}
    await town.ask("POST", f"/proposals/{proposal_id}/screening", ADMIT, role="officer", name="desk")
    paper = TASK | {"origin": "proposals", "proposal_ids": [proposal_id, proposal_id], "reason": "public-interest"}
    task = (await town.ask("POST", "/tasks", paper, role="officer", name="desk")).json()
    assert (task["state"], task["proposal_ids"], task["rule"]["version"]) == ("selected", [proposal_id], 1)
    shown = await town.get(f"/proposals/{proposal_id}")
    assert (shown["state"], shown["supports"], shown["task_ids"]) == ("admitted", 1, [task["task_id"]])
    assert (shown["screening"]["decision"], shown["screening"]["acted_by"]) == ("admit", "officer")
    why = {"reason": "few-concerned", "note": "소수의 문제입니다."}
    referred = await town.ask("POST", f"/tasks/{task['task_id']}/referral", why, role="officer", name="desk")
    assert referred.json()["state"] == (await town.get(f"/tasks/{task['task_id']}"))["state"] == "referred"
    left = await town.ask("DELETE", f"/proposals/{proposal_id}/support", role="citizen", name="jun")
    assert left.json()["supports"] == 0


async def test_returned_and_resubmitted(town: Town) -> None:
    """The author improves what was returned, and nobody else does."""
    returned = (await town.screened({"decision": "return", "reason": "unclear"})).json()
    path = f"/proposals/{returned['proposal_id']}/resubmission"
    assert refused(await town.ask("POST", path, PAPER, role="citizen", name="jun")) == (403, "not-your-proposal")
    again = await town.ask("POST", path, PAPER | {"title": "개선된 제목"}, role="citizen")
    assert (again.json()["state"], again.json()["title"]) == ("screening", "개선된 제목")


async def test_every_decision_stays_public(town: Town) -> None:
    """P5: an earlier return is still told, with its reason, when the improved text was returned again and admitted."""
    returned = (await town.screened({"decision": "return", "reason": "unclear", "note": "어디인가요?"})).json()
    path = f"/proposals/{returned['proposal_id']}"
    for decision in ({"decision": "return", "reason": "no-remedy"}, ADMIT):
        await town.ask("POST", f"{path}/resubmission", PAPER, role="citizen")
        await town.ask("POST", f"{path}/screening", decision, role="officer", name="desk")
    decided = await town.get(path)
    earlier = [(each["decision"], each["reason"], each["note"]) for each in decided["earlier_screenings"]]
    assert earlier == [("return", "unclear", "어디인가요?"), ("return", "no-remedy", "")]
    assert (decided["screening"]["decision"], decided["screening"]["reason"]) == ("admit", "meets-requirements")
    (listed,) = (await town.get("/proposals"))["items"]
    assert listed == decided


async def test_merged_and_withdrawn(town: Town) -> None:
    """The lineage of a merge is public; an author takes a proposal back."""
    other = await town.proposal()
    merged = (await town.screened({"decision": "merge", "reason": "same-problem", "merge_into": other})).json()
    assert (merged["state"], merged["merged_into"]) == ("merged", other)
    withdrawn = await town.ask("POST", f"/proposals/{other}/withdrawal", {}, role="citizen")
    assert withdrawn.json()["state"] == "withdrawn"


async def test_nobody_is_named(town: Town) -> None:
    """P17: neither author nor supporter is in any answer or announcement, by name or by pseudonym."""
    proposal_id = await town.proposal("mina-the-author")
    await town.ask("PUT", f"/proposals/{proposal_id}/support", role="citizen", name="jun-the-supporter")
    async with town.db.reading() as session:
        people = (await session.execute(PEOPLE)).scalars().all()
        said = (await session.execute(ANNOUNCED)).scalar_one()
    assert len(people) == 2
    seen = str(said) + str(await town.get("/proposals")) + (await town.http.get("/metrics")).text
    for person in (*people, "mina-the-author", "jun-the-supporter"):
        assert person not in seen


async def test_pages_follow_each_other(town: Town) -> None:
    """Every proposal is on exactly one page, newest first."""
    made = [await town.proposal() for _ in range(5)]
    seen: list[str] = []
    path: str | None = "/proposals?limit=2"
    while path:
        page = await town.get(path)
        seen += [each["proposal_id"] for each in page["items"]]
        path = page["next"] and f"/proposals?limit=2&cursor={page['next']}"
    assert seen == made[::-1]
    assert [each["proposal_id"] for each in (await town.get("/proposals?state=screening"))["items"]] == made[::-1]
    assert (await town.get("/proposals?state=admitted"))["items"] == []


async def test_a_retry_creates_once(town: Town) -> None:
    """The same Idempotency-Key is answered alike and makes one proposal."""
    answers = [await town.ask("POST", "/proposals", PAPER, role="citizen", Idempotency_Key="a-key") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len((await town.get("/proposals"))["items"]) == 1


async def test_quota_says_when_to_come_back(town: Town) -> None:
    """P2: the refusal of the eleventh says so, with a time to wait."""
    for _ in range(10):
        await town.proposal()
    answer = await town.ask("POST", "/proposals", PAPER, role="citizen")
    assert refused(answer) == (429, "too-many-proposals")
    assert int(answer.headers["retry-after"]) > 0
    assert (answer.json()["rule"], (await town.ask("POST", "/proposals", PAPER, role="agency")).status_code) == (
        "P2",
        201,
    )


async def test_documents_declare_the_refusals(town: Town) -> None:
    """The published API names the reasons that may be given and the codes that may come back."""
    document = (await town.http.get("/openapi.json")).json()
    screening = document["paths"]["/proposals/{proposal_id}/screening"]["post"]["responses"]
    assert "`merge-would-circle` P7" in screening["409"]["description"]
    assert "`unknown-reason` P5" in screening["422"]["description"]
    assert "`own-proposal` P4" in screening["403"]["description"]
    reason = document["components"]["schemas"]["ScreeningPaper"]["properties"]["reason"]
    assert "`outside-remit`" in reason["description"]
    assert "429" in document["paths"]["/proposals"]["post"]["responses"]
