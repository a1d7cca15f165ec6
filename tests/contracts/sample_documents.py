"""JSON documents generated from a schema: one readable sample, and a hypothesis strategy."""

from collections.abc import Callable
from datetime import timedelta, timezone
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from hypothesis import strategies as st

Document = dict[str, Any]

WORDS = {
    "title": "버스 정류장마다 그늘을 · Shade at every bus stop",
    "note": "예산이 확보되었습니다. The money is there.",
    "article": "국민참여 규정 제4조 · Participation Rule, article 4",
    "responsible_body": "국토교통부",
    "body": "서울특별시",
    "instruction": "여름 전에 모든 정류장에 그늘막을 설치할 것.",
    "seed": "1987-06-10",
    "seed_commitment": "8f14e45fceea167a5a36dedd4bea2543cd1f0b1d4e63f5a7a4f0d3f2b8c9e6a1",
    "frame_sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
}
NUMBERS = {"version": 1, "yes": 312, "no": 87, "more_than": 300, "present": 12, "capacity": 20, "panel_size": 50}


OFFSETS = st.integers(min_value=-14 * 60, max_value=14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def sample_document(schema: Document) -> Any:  # noqa: ANN401  a JSON document
    """Return one readable document, always the same."""
    return _sample(schema, "", schema)


def _sample(node: Document, name: str, root: Document) -> Any:  # noqa: ANN401  a JSON document
    node = _resolved(node, root)
    match node:
        case {"enum": [first, *_]} | {"const": first}:
            return first
        case {"properties": fields}:
            return {field: _sample(child, field, root) for field, child in fields.items()}
        case {"items": items}:
            return [_sample(items, name, root)]
        case {"type": "string"}:
            return _text(node, name)
        case {"type": "boolean"}:
            return True
    return NUMBERS.get(name, 7) if node["type"] == "integer" else 71.5


def _text(node: Document, name: str) -> str:
    formats = {
        "uuid": str(uuid5(NAMESPACE_URL, name)),
        "date-time": "2027-03-01T09:00:00Z",
        "date": "2027-06-30",
    }
    return formats.get(node.get("format", "")) or WORDS.get(name) or "broad-public-interest"


def _resolved(node: Document, root: Document) -> Document:
    if "anyOf" in node:
        return _resolved(node["anyOf"][0], root)
    return root["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node


def document_strategy(schema: Document) -> st.SearchStrategy[Any]:
    """Return a strategy for all valid documents, with and without optional fields."""
    return _documents(schema, schema)


def _documents(node: Document, root: Document) -> st.SearchStrategy[Any]:
    match node:
        case {"$ref": ref}:
            return _documents(root["$defs"][ref.rpartition("/")[2]], root)
        case {"anyOf": options}:
            return st.one_of([_documents(option, root) for option in options])
        case {"enum": values}:
            return st.sampled_from(values)
        case {"properties": _}:
            return _objects(node, root)
        case {"items": items}:
            return st.lists(_documents(items, root), max_size=3)
    return SCALARS[node["type"]](node)


def _objects(node: Document, root: Document) -> st.SearchStrategy[Any]:
    fields = {name: _documents(child, root) for name, child in node.get("properties", {}).items()}
    required = set(node.get("required", ()))
    return st.fixed_dictionaries(
        {name: fields[name] for name in fields if name in required},
        optional={name: fields[name] for name in fields if name not in required},
    )


def _texts(node: Document) -> st.SearchStrategy[str]:
    if "pattern" in node:
        return st.from_regex(node["pattern"].replace("$", r"\Z"), fullmatch=False)
    formats: dict[str, st.SearchStrategy[str]] = {
        "uuid": st.uuids().map(str),
        "date-time": st.datetimes(timezones=OFFSETS).map(lambda at: at.isoformat()),
        "date": st.dates().map(lambda on: on.isoformat()),
    }
    written = st.text(min_size=node.get("minLength", 0), max_size=node.get("maxLength", 50))
    return formats.get(node.get("format", ""), written)


def _integers(node: Document) -> st.SearchStrategy[int]:
    low = node["exclusiveMinimum"] + 1 if "exclusiveMinimum" in node else node.get("minimum")
    return st.integers(min_value=low, max_value=node.get("maximum", 2**63))


def _numbers(node: Document) -> st.SearchStrategy[float]:
    return st.floats(
        min_value=node.get("minimum"), max_value=node.get("maximum"), allow_nan=False, allow_infinity=False
    )


SCALARS: dict[str, Callable[[Document], st.SearchStrategy[Any]]] = {
    "string": _texts,
    "integer": _integers,
    "number": _numbers,
    "boolean": lambda _: st.booleans(),
    "null": lambda _: st.none(),
}
