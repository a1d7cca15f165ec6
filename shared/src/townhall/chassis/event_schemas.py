"""The JSON schemas of the events a service announces, served where `ce_dataschema` points."""

import hashlib
import json
from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Response

from townhall.chassis.envelope import SCHEMAS, schema_path
from townhall.contracts import Event
from townhall.rejected import NotFound

MEDIA_TYPE: Final = "application/schema+json"
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_CACHE: Final = "public, max-age=3600"


class UnknownEventType(NotFound):
    """The service announces no event of this type."""

    title = "This service announces no event of that type."


def document(kind: type[Event], public_url: str = "") -> dict[str, Any]:
    """Return the JSON schema of an event type; its `$id` is relative without a public URL."""
    path = schema_path(kind.TYPE)
    id_ = public_url + path if public_url else path.removeprefix("/")
    return {"$schema": _DIALECT, "$id": id_, **kind.model_json_schema(mode="serialization")}


def text(schema: dict[str, Any]) -> str:
    """Return the canonical text of a schema: that of the files in `shared/schemas`."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def schema_router(announces: Sequence[type[Event]], public_url: str) -> APIRouter:
    """Return the route that serves these schemas to anybody, with a strong `ETag`."""
    bodies = {kind.TYPE: text(document(kind, public_url)).encode() for kind in announces}
    router = APIRouter(include_in_schema=False)

    @router.get(f"{SCHEMAS}/{{type_}}.json")
    async def get_schema(type_: str, if_none_match: Annotated[str, Header()] = "") -> Response:
        if (body := bodies.get(type_)) is None:
            raise UnknownEventType
        etag = f'"{hashlib.sha256(body).hexdigest()}"'
        headers = {"etag": etag, "cache-control": _CACHE}
        if _matches(if_none_match, etag):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=MEDIA_TYPE, headers=headers)

    return router


def _matches(if_none_match: str, etag: str) -> bool:
    """Return whether the header names this tag (RFC 9110, section 13.1.2: by weak comparison) or any tag."""
    named = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return etag in named or named == ["*"]
