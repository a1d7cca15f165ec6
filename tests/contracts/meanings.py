"""What the fields of events mean, read where it is said: beside the field, or beside the type of its value."""

import ast
import inspect
from functools import cache
from types import ModuleType
from typing import Final

from pydantic import BaseModel

from townhall.contracts import Event, roles, values

CONSTRAINED: Final = {
    "AwareDatetime": "a time with its offset",
    "NonNegativeInt": "an integer from 0",
    "PositiveInt": "an integer from 1",
    "bool": "true or false",
    "date": "a day",
    "str": "text",
}
"""How types that pydantic and Python name are called in the pages."""


@cache
def value_types() -> dict[str, str]:
    """Return the sentence that stands beside each value type."""
    return {name: sentence for module in (values, roles) for name, sentence in documented(module).items()}


def documented(module: ModuleType) -> dict[str, str]:
    """Return the first line of each docstring at a module's top, of classes and of assignments."""
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
    """Return how each field's type is written, by class and field."""
    return {
        (kind.name, field.target.id): ast.unparse(field.annotation)
        for kind in ast.parse(inspect.getsource(module)).body
        if isinstance(kind, ast.ClassDef)
        for field in kind.body
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
    }


def written_type(kind: type[BaseModel], field: str) -> str:
    """Return a field's type as its class writes it."""
    for owner in kind.__mro__:
        module = inspect.getmodule(owner)
        if module and (found := annotations(module).get((owner.__name__, field))):
            return found
    raise LookupError(field)


def meaning(kind: type[Event], field: str) -> str:
    """Return what a field means: in its own words, else in those of its type."""
    own = kind.model_fields[field].description
    if own:
        return own.partition("\n")[0]
    named = written_type(kind, field).removeprefix("tuple[").removesuffix(", ...]").removesuffix(" | None")
    return value_types().get(named, "")


def shown_type(kind: type[Event], field: str) -> str:
    """Return a field's type in words, with value types by their name."""
    written = written_type(kind, field)
    if written.startswith("tuple["):
        return f"list of {written.removeprefix('tuple[').removesuffix(', ...]')}"
    if written.startswith("Literal["):
        return " or ".join(f"`{choice}`" for choice in ast.literal_eval(written.removeprefix("Literal")))
    known, _, optional = written.partition(" | ")
    return CONSTRAINED.get(known, known) + (" or null" if optional else "")
