"""Compatibility of event schemas within one version: only new fields that may be absent.

Anything else needs a new class and `.v2`. Both directions are checked: consumers with the old schema read new events,
and this code reads old events from the topics.
"""

import json
from collections.abc import Iterator
from typing import Any

from jsoncompat import check_compat

Document = dict[str, Any]

UNCHECKED_KEYWORDS = ("format", "pattern", "const")
"""Keywords that jsoncompat ignores; compared here."""


def breaks(old: Document, new: Document) -> Iterator[str]:
    """Yield a sentence for each incompatible change."""
    for name in sorted(old["properties"].keys() - new["properties"].keys()):
        yield f"field {name} was removed"
    for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
        yield f"field {name} became required, but may be absent in old events"
    if not check_compat(_bare(old), _bare(new), role="serializer"):
        yield "a consumer with the old schema would reject new events"
    if not check_compat(_bare(old), _bare(_limited(new, old)), role="deserializer"):
        yield "old events would be rejected"
    if _forms(_limited(new, old)) != _forms(old):
        yield "the format, pattern or constant of a field changed"


def _limited(new: Document, old: Document) -> Document:
    """Return the new schema without its new fields."""
    known = {name: node for name, node in new["properties"].items() if name in old["properties"]}
    return {**new, "properties": known, "required": [name for name in new.get("required", ()) if name in known]}


def _bare(schema: Document) -> str:
    """Return the schema as JSON without the keys that jsoncompat mistakes for references."""
    return json.dumps({name: node for name, node in schema.items() if not name.startswith(("$id", "$schema"))})


def _forms(schema: Document) -> dict[str, list[Any]]:
    return {name: sorted(_found(node, schema)) for name, node in schema["properties"].items()}


def _found(node: Any, schema: Document) -> Iterator[str]:  # noqa: ANN401  a JSON document
    if isinstance(node, list):
        for child in node:
            yield from _found(child, schema)
    if not isinstance(node, dict):
        return
    yield from (f"{keyword}={node[keyword]}" for keyword in UNCHECKED_KEYWORDS if keyword in node)
    if "$ref" in node:
        yield from _found(schema["$defs"][node["$ref"].rpartition("/")[2]], schema)
    for child in node.values():
        yield from _found(child, schema)
