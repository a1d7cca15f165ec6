"""The settings of a service as an operator reads of them: one table row for each environment variable."""

import ast
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final, get_args

from annotated_types import Ge, Gt, Le, Lt
from pydantic import SecretBytes, SecretStr
from pydantic.fields import FieldInfo

from tests.contracts.field_docs import written_type
from townhall.chassis.broker_security import Mechanism, Protocol
from townhall.chassis.setting_files import variable
from townhall.chassis.settings import ServiceSettings

FORMATS: Final = {
    "str": "text",
    "str | None": "text",
    "SecretStr | None": "text",
    "Path | None": "path",
    "Protocol": " or ".join(f"`{each}`" for each in get_args(Protocol)),
    "Mechanism": " or ".join(f"`{each}`" for each in get_args(Mechanism)),
    "int": "integer",
    "float": "number",
    "float | None": "number",
    "bool": "`on` or `off`",
    "Key": "at least 64 hexadecimal digits",
    "MasterKey": "64 hexadecimal digits",
    "KeysByVersion": "JSON object, integer to at least 64 hexadecimal digits",
    "MasterKeys": "JSON object, integer to 64 hexadecimal digits",
    "Versions": "JSON array of integers",
    "PostgresUrl": "`postgresql://...`",
    "PostgresUrl | None": "`postgresql://...`",
    "Servers": "`host:port,...`",
    "PublicUrl | None": "`https://...`",
}
"""What an operator writes for a value of each type, by the source of its annotation."""
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


def meaning(field: FieldInfo) -> str:
    """Return the meaning of a setting: the docstring below the attribute, in one line."""
    return " ".join((field.description or "").split())


def is_secret(field: FieldInfo) -> bool:
    """Tell whether a value must not be shown: a secret type, or a field kept out of `repr`."""
    return field.repr is False or _holds_secret(field.annotation)


def _holds_secret(annotation: Any) -> bool:  # noqa: ANN401  an annotation can be anything
    return annotation in {SecretBytes, SecretStr} or any(_holds_secret(each) for each in get_args(annotation))


def _type(kind: type[ServiceSettings], name: str) -> str:
    written = written_type(kind, name)
    if written.startswith("Literal["):
        choices = ast.literal_eval(written.removeprefix("Literal"))
        return " or ".join(f"`{choice}`" for choice in choices)
    limits = (text for each in kind.model_fields[name].metadata if (text := _limit(each)))
    return ", ".join((FORMATS[written], *limits))


def _limit(constraint: object) -> str:
    if words := BOUNDS.get(type(constraint)):
        return f"{words[0]} {getattr(constraint, words[1])}"
    return ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, bool):
        return "`on`" if value else "`off`"
    if isinstance(value, float):
        return f"`{value:g}`"
    if value is None:
        return "not set"
    if isinstance(value, frozenset):
        return "`[]`"
    return f"`{value}`" if value != "" else "empty"
