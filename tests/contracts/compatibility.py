"""When a schema may replace another of the same version: only by new fields that an old event can lack.

Anything else is a new class and `.v2`. Both directions count: a reader with the old schema hears new events, and this
code reads the old events that stand in the topics.
"""

import json
from collections.abc import Iterator
from typing import Any

from jsoncompat import check_compat

Document = dict[str, Any]

WRITTEN_FORM = ("format", "pattern", "const")
"""Keywords that jsoncompat takes no notice of."""


def breaks(old: Document, new: Document) -> Iterator[str]:
    """Say what a reader of the old schema, or of old events, could not bear."""
    for name in sorted(old["properties"].keys() - new["properties"].keys()):
        yield f"field {name} is gone"
    for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
        yield f"field {name} is required, and old events lack it or may lack it"
    if not check_compat(_bare(old), _bare(new), role="serializer"):
        yield "a reader with the old schema would refuse new events"
    if not check_compat(_bare(old), _bare(_limited(new, old)), role="deserializer"):
        yield "old events would be refused"
    if _forms(_limited(new, old)) != _forms(old):
        yield "a field is written in another form"


def _limited(new: Document, old: Document) -> Document:
    """Return the new schema as if its new fields weren't there."""
    known = {name: node for name, node in new["properties"].items() if name in old["properties"]}
    return {**new, "properties": known, "required": [name for name in new.get("required", ()) if name in known]}


def _bare(schema: Document) -> str:
    """Return the schema without the names that jsoncompat takes for references."""
    return json.dumps({name: node for name, node in schema.items() if not name.startswith(("$id", "$schema"))})


def _forms(schema: Document) -> dict[str, list[Any]]:
    return {name: sorted(_found(node, schema)) for name, node in schema["properties"].items()}


def _found(node: Any, schema: Document) -> Iterator[str]:  # noqa: ANN401  a JSON document
    if isinstance(node, list):
        for child in node:
            yield from _found(child, schema)
    if not isinstance(node, dict):
        return
    yield from (f"{keyword}={node[keyword]}" for keyword in WRITTEN_FORM if keyword in node)
    if "$ref" in node:
        yield from _found(schema["$defs"][node["$ref"].rpartition("/")[2]], schema)
    for child in node.values():
        yield from _found(child, schema)
