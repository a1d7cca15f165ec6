"""Long lists a page at a time: a cursor names the last item seen, so nothing is skipped or shown twice."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from struct import Struct
from typing import Annotated, Final, Generic, NamedTuple, TypeVar
from uuid import UUID

from fastapi import Depends, Query, Request

from townhall.chassis.http.schemas import ResponseModel
from townhall.chassis.settings import ServiceSettings
from townhall.chassis.state import state_of
from townhall.rejected import Rejected

_FORM: Final = Struct(">Bq16s16s")
"""Version, microseconds since 1970, id, seal."""
_VERSION: Final = 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SEAL: Final = 16

D = TypeVar("D")
V = TypeVar("V", bound=ResponseModel)


class BadCursor(Rejected):
    """Not a cursor this list gave out."""

    code = "bad-cursor"
    status = 422
    title = "Use the cursor a page of this list gave as next, or none."


class Cursor(NamedTuple):
    """Where an item stands in a list ordered by time, then id."""

    at: datetime
    id: UUID


class PageOf(ResponseModel, Generic[V]):
    """A page of a list."""

    items: list[V]
    next: str | None = None
    """The cursor of the next page; null on the last."""


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page is wanted. A store returns up to `limit + 1` items after the place, so that the end can be seen."""

    limit: int
    after: Cursor | None
    """The last item of the page before; None for the first page."""
    seal: Callable[[bytes], bytes] = field(repr=False, compare=False)

    def of(self, found: Sequence[D], place: Callable[[D], Cursor], view: Callable[[D], V]) -> PageOf[V]:
        """Return the page that shows what was found."""
        shown = found[: self.limit]
        after = _written(place(shown[-1]), self.seal) if len(found) > self.limit else None
        return PageOf(items=[view(each) for each in shown], next=after)


def _page(
    request: Request,
    cursor: Annotated[
        str | None, Query(description="`next` of the page before.", pattern="^[A-Za-z0-9_-]{55}$")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Paging:
    settings = state_of(request.app, ServiceSettings)
    about = b"cursor\0" + request.url.path.encode()

    def seal(place: bytes, version: int = settings.person_key_version) -> bytes:
        return hmac.digest(settings.person_keys[version], about + place, "sha256")[:_SEAL]

    # A cursor is good across a rotation of the key.
    seals = [partial(seal, version=version) for version in settings.person_keys]
    return Paging(limit, None if cursor is None else _read(cursor, seals), seal)


Page = Annotated[Paging, Depends(_page)]
"""The page a request asks for, from `cursor` and `limit`."""


def _written(place: Cursor, seal: Callable[[bytes], bytes]) -> str:
    micros = (place.at - _EPOCH) // timedelta(microseconds=1)
    open_part = _FORM.pack(_VERSION, micros, place.id.bytes, b"")[:-_SEAL]
    return urlsafe_b64encode(open_part + seal(open_part)).decode().rstrip("=")


def _read(cursor: str, seals: Sequence[Callable[[bytes], bytes]]) -> Cursor:
    given = urlsafe_b64decode(cursor + "=")
    if not any(hmac.compare_digest(seal(given[:-_SEAL]), given[-_SEAL:]) for seal in seals):
        raise BadCursor
    _, micros, identity, _ = _FORM.unpack(given)
    return Cursor(_EPOCH + timedelta(microseconds=micros), UUID(bytes=identity))
