"""Private parts of libraries are few, listed in decision 0013, tested, and held by a version bound."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.architecture.repository import CHASSIS, ROOT, SOURCES, tracked, tree


class Use(NamedTuple):
    """A private part of a library that the chassis uses."""

    library: str
    part: str
    file: str
    test: str


LISTED: Final = (
    Use("faststream", "_consumer", "consuming/consumer.py", "shared/tests/test_relay.py"),
    Use("aiokafka", "_subscription", "consuming/lag.py", "shared/tests/test_metrics.py"),
    Use("aiokafka", "client.MetadataRequest", "broker.py", "shared/tests/test_relay.py"),
    Use("granian", "_init_shared_socket", "http/listener.py", "shared/tests/test_server.py"),
    Use("granian", "granian._granian", "http/listener.py", "shared/tests/test_server.py"),
)
USED: Final = [use for use in LISTED if (CHASSIS / use.file).is_file()]
DECISION: Final = ROOT / "docs" / "decisions" / "0013-what-faststream-is-for.md"


def is_private(name: str) -> bool:
    """Return whether a name has one leading underscore."""
    return name.startswith("_") and not name.startswith("__")


def overrides(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Return whether a method is marked as an override."""
    return any(ast.unparse(each) == "override" for each in function.decorator_list)


def our_own(module: ast.Module) -> set[str]:
    """Return the methods a module defines and doesn't override: those may be overridden elsewhere in the tree."""
    functions = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {each.name for each in functions if not overrides(each)}


def found(module: ast.Module) -> Iterator[str]:
    """Return each private part of something else that a module reads, imports, overrides or replaces."""
    imported = {
        alias.asname or alias.name
        for node in ast.walk(module)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    for node in ast.walk(module):
        match node:
            case (
                ast.Attribute(value=ast.Name(id="self" | "cls")) | ast.Attribute(value=ast.Name(id="os"), attr="_exit")
            ):
                continue  # os._exit is documented, in spite of its name
            case ast.Attribute(value=ast.Name(id=owner), attr=name, ctx=ast.Store()) if owner in imported:
                yield f"{owner}.{name}"
            case ast.Attribute(attr=name) if is_private(name):
                yield name
            case ast.ImportFrom(module=str(name)) if any(map(is_private, name.split("."))):
                yield name
            case ast.ImportFrom(names=names):
                yield from (alias.name for alias in names if is_private(alias.name))
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if is_private(name) and overrides(node):
                yield name


def bounded(library: str) -> bool:
    """Return whether the library's next versions are kept out."""
    project = tomllib.loads((ROOT / "shared" / "pyproject.toml").read_text())["project"]
    (needed,) = [each for each in project["dependencies"] if re.match(rf"{library}\b", each)]
    return "<" in needed or "==" in needed


def test_every_private_part_is_listed() -> None:
    """In the sources of the library, the services and the command; none is used without a line in the list."""
    sources = [path for path in tracked("*.py") if any(path.is_relative_to(source) for source in SOURCES)]
    own = {name for path in sources for name in our_own(tree(path))}
    uses = {
        (str(path.relative_to(CHASSIS if path.is_relative_to(CHASSIS) else ROOT)), part)
        for path in sources
        for part in set(found(tree(path))) - own
    }
    assert uses - {(use.file, use.part) for use in LISTED} == set()


@pytest.mark.parametrize("use", USED, ids=lambda use: f"{use.library}: {use.part}")
def test_a_private_part_is_bounded_tested_and_written_down(use: Use) -> None:
    """It is still used, its library has an upper bound, its test exists, and the decision names it."""
    assert use.part.rpartition(".")[2] in (CHASSIS / use.file).read_text()
    assert bounded(use.library)
    assert Path(ROOT / use.test).is_file()
    assert f"| {use.library} |" in DECISION.read_text()
    assert use.part in DECISION.read_text()


@pytest.mark.parametrize(
    "planted",
    [
        "def f(consumer): return consumer._coordinator",
        "from aiokafka import client\nclient.MetadataRequest = None",
        "from granian._granian import SocketHolder",
        "from aiokafka.client import _private",
        "class A(B):\n    @override\n    def _hook(self): ...",
    ],
)
def test_a_planted_use_is_found(planted: str) -> None:
    """Each kind: read, replaced, imported from a private module, imported by a private name, overridden."""
    assert list(found(ast.parse(planted)))
