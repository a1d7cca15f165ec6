"""The rules a route may refuse by, as its documents declare them."""

from typing import Any

from townhall.chassis.http.problems import MEDIA_TYPE
from townhall.rejected import Rejected


def refusing(*kinds: type[Rejected]) -> dict[int | str, dict[str, Any]]:
    """Declare the rules a route may refuse by, with their public codes."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    by_status: dict[int, list[str]] = {}
    for kind in kinds:
        by_status.setdefault(kind.status, []).append(f"- `{kind.code}` {kind.rule}: {kind.says}")
    return {status: {"description": "\n".join(lines), "content": content} for status, lines in by_status.items()}
