"""The settings of a service as an operator reads of them: one table row for each environment variable."""

import ast
from collections.abc import Iterator
from importlib import import_module
from inspect import getmodule
from typing import Any, Final, get_args

from annotated_types import Ge, Gt, Le, Lt
from pydantic import SecretBytes, SecretStr
from pydantic.fields import FieldInfo

from tests.contracts.field_docs import documented, written_type
from townhall.chassis.setting_files import variable
from townhall.chassis.settings import ServiceSettings

PLAIN: Final = {"str": "text", "int": "integer", "float": "number", "bool": "`true` or `false`"}
BOUNDS: Final = {Ge: ("at least", "ge"), Gt: ("more than", "gt"), Le: ("at most", "le"), Lt: ("less than", "lt")}


def settings_of(service: str) -> type[ServiceSettings]:
    """Return the settings class of a service."""
    found: type[ServiceSettings] = import_module(f"{service}.settings").Settings
    return found


def tables(service: str) -> Iterator[str]:
    """Return one section: a row for each setting of a service."""
    kind = settings_of(service)
    yield from (f"## `{service}`", "", "| variable | type | default | secret | meaning |", "|---|---|---|---|---|")
    for name, field in kind.model_fields.items():
        secret = "yes" if is_secret(field) else ""
        cells = (f"`{variable(kind, name)}`", _type(kind, name), _default(field), secret, meaning(field))
        yield f"| {' | '.join(cells)} |"
    yield ""


def value_types(services: tuple[str, ...]) -> dict[str, str]:
    """Return the first line of the docstring of each type alias that settings use, by its name."""
    owners = (owner for name in services for owner in settings_of(name).__mro__ if issubclass(owner, ServiceSettings))
    modules = {getmodule(owner) for owner in owners}
    known = {name: text for module in modules if module for name, text in documented(module).items()}
    used = {word for name in services for word in _words(settings_of(name))}
    return {name: known[name] for name in sorted(used & known.keys())}


def meaning(field: FieldInfo) -> str:
    """Return the meaning of a setting: the docstring below the attribute, in one line."""
    return " ".join((field.description or "").split())


def is_secret(field: FieldInfo) -> bool:
    """Tell whether a value must not be shown: a secret type, or a field kept out of `repr`."""
    return field.repr is False or _holds_secret(field.annotation)


def _holds_secret(annotation: Any) -> bool:  # noqa: ANN401  an annotation can be anything
    return annotation in {SecretBytes, SecretStr} or any(_holds_secret(each) for each in get_args(annotation))


def _words(kind: type[ServiceSettings]) -> Iterator[str]:
    """Return every name that is used in the annotations of the settings."""
    for field in kind.model_fields:
        for node in ast.walk(ast.parse(written_type(kind, field))):
            if isinstance(node, ast.Name):
                yield node.id


def _type(kind: type[ServiceSettings], name: str) -> str:
    written = written_type(kind, name)
    if written.startswith("Literal["):
        choices = ast.literal_eval(written.removeprefix("Literal"))
        return " or ".join(f"`{choice}`" for choice in choices)
    if written.startswith("Mapping["):
        return f"JSON object of {written.removeprefix('Mapping[').removesuffix(']').replace(', ', ' to ')}"
    limits = (text for each in kind.model_fields[name].metadata if (text := _limit(each)))
    return ", ".join((PLAIN.get(written, written), *limits))


def _limit(constraint: object) -> str:
    if words := BOUNDS.get(type(constraint)):
        return f"{words[0]} {getattr(constraint, words[1])}"
    return ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, bool | float):
        return f"`{value:g}`" if isinstance(value, float) else f"`{str(value).lower()}`"
    return f"`{value}`" if value not in ("", None) else "empty"
