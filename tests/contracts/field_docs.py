"""The documentation of event fields: the description of the field, or the docstring of its type."""

import ast
import inspect
from functools import cache
from types import ModuleType
from typing import Final

from pydantic import BaseModel

from townhall.contracts import Event, roles, values

TYPE_NAMES: Final = {
    "AwareDatetime": "a time with its offset",
    "NonNegativeInt": "an integer from 0",
    "PositiveInt": "an integer from 1",
    "bool": "true or false",
    "date": "a day",
    "str": "text",
}
"""Plain names of Python's and pydantic's types, for the pages."""


@cache
def value_types() -> dict[str, str]:
    """Return the docstring of each value type, by name."""
    return {name: sentence for module in (values, roles) for name, sentence in documented(module).items()}


def documented(module: ModuleType) -> dict[str, str]:
    """Return the first line of the docstring of each class and assignment at a module's top level."""
    found: dict[str, str] = {}
    body = ast.parse(inspect.getsource(module)).body
    for node, after in zip(body, [*body[1:], ast.Pass()], strict=True):
        match node, after:
            case ast.ClassDef(name=name), _:
                found[name] = (ast.get_docstring(node) or "").partition("\n")[0]
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=str(sentence))):
                found[name] = sentence.partition("\n")[0]
    return found


@cache
def annotations(module: ModuleType) -> dict[tuple[str, str], str]:
    """Return the source of each field's annotation, by class and field."""
    return {
        (kind.name, field.target.id): ast.unparse(field.annotation)
        for kind in ast.parse(inspect.getsource(module)).body
        if isinstance(kind, ast.ClassDef)
        for field in kind.body
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
    }


def written_type(kind: type[BaseModel], field: str) -> str:
    """Return the source of a field's annotation."""
    for owner in kind.__mro__:
        module = inspect.getmodule(owner)
        if module and (found := annotations(module).get((owner.__name__, field))):
            return found
    raise LookupError(field)


def description(kind: type[Event], field: str) -> str:
    """Return the description of a field, else that of its type, else an empty string."""
    own = kind.model_fields[field].description
    if own:
        return own.partition("\n")[0]
    named = written_type(kind, field).removeprefix("tuple[").removesuffix(", ...]").removesuffix(" | None")
    return value_types().get(named, "")


def shown_type(kind: type[Event], field: str) -> str:
    """Return the type of a field in plain words, value types by name."""
    written = written_type(kind, field)
    if written.startswith("tuple["):
        return f"list of {written.removeprefix('tuple[').removesuffix(', ...]')}"
    if written.startswith("Literal["):
        return " or ".join(f"`{choice}`" for choice in ast.literal_eval(written.removeprefix("Literal")))
    known, _, optional = written.partition(" | ")
    return TYPE_NAMES.get(known, known) + (" or null" if optional else "")
