"""Reading cases."""

from uuid import UUID

from fastapi import APIRouter

from committee.domain.case import CaseState, NoSuchCase
from committee.domain.case_record import CaseRecord
from committee.schemas.cases import CaseResponse
from committee.store import case_records
from townhall.chassis.http import Cursor, Db, Page, PageOf
from townhall.contracts.values import CaseId, TaskId

router = APIRouter(tags=["cases"])


@router.get("/cases")
async def get_cases(
    db: Db, page: Page, state: CaseState | None = None, task_id: UUID | None = None
) -> PageOf[CaseResponse]:
    """List cases, newest first."""
    task = TaskId(task_id) if task_id else None
    async with db.reading() as session:
        found = await case_records.page(session, state, task, page.after, page.limit)
    return page.of(found, _cursor, CaseResponse.of)


@router.get("/cases/{case_id}")
async def get_case(case_id: UUID, db: Db) -> CaseResponse:
    """Return a case with its public record."""
    async with db.reading() as session:
        found = await case_records.get(session, CaseId(case_id))
    if found is None:
        raise NoSuchCase
    return CaseResponse.of(found)


def _cursor(record: CaseRecord) -> Cursor:
    return Cursor(record.case.opened_at, record.case.case_id)
