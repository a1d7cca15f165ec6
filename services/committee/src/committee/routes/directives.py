"""Reading directives."""

from uuid import UUID

from fastapi import APIRouter

from committee.domain.meeting import Directive, NoSuchDirective
from committee.schemas.directives import DirectiveResponse
from committee.store import directives
from townhall.chassis.http import Cursor, Db, Page, PageOf
from townhall.contracts.values import DirectiveId

router = APIRouter(tags=["directives"])


@router.get("/directives")
async def get_directives(db: Db, page: Page) -> PageOf[DirectiveResponse]:
    """List directives, newest first."""
    async with db.reading() as session:
        found = await directives.page(session, page.after, page.limit)
    return page.of(found, _cursor, DirectiveResponse.of)


@router.get("/directives/{directive_id}")
async def get_directive(directive_id: UUID, db: Db) -> DirectiveResponse:
    """Return a directive."""
    async with db.reading() as session:
        found = await directives.get(session, DirectiveId(directive_id))
    if found is None:
        raise NoSuchDirective
    return DirectiveResponse.of(found)


def _cursor(directive: Directive) -> Cursor:
    return Cursor(directive.issued_at, directive.directive_id)
