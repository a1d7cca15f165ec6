"""A name says what a place is for, and four services use the same names."""

import tomllib
from typing import Any

import pytest

from tests.architecture.places import ROOT, SERVICES, package, shown, tracked

REFUSED = {"utils", "util", "helpers", "helper", "common", "base", "core", "misc", "types", "manager", "impl", "lib"}
SHELF = ("__init__", "__main__", "app", "consumers", "domain", "handlers", "metrics", "migrations", "papers", "routes")
SHELVES = {*SHELF, "settings", "store"}
OWN = {"voting": {"fast_path", "intake", "state", "tally_cache"}}
"""What only one service needs, beside what all have."""


def project(service: str) -> dict[str, Any]:
    """Read a service's pyproject.toml."""
    return tomllib.loads((ROOT / "services" / service / "pyproject.toml").read_text())


def test_no_drawer_for_everything() -> None:
    """A module is named for the thing it holds."""
    parts = {part for path in tracked("*.py") for part in path.relative_to(ROOT).with_suffix("").parts}
    assert not parts & REFUSED


@pytest.mark.parametrize("service", SERVICES)
def test_services_look_alike(service: str) -> None:
    """Whoever knows one service finds the way in the others: the same shelves, as a module or a package."""
    found = {path.stem for path in package(service).iterdir() if path.suffix == ".py" or (path / "env.py").exists()}
    found |= {path.name for path in package(service).iterdir() if (path / "__init__.py").exists()}
    assert found == SHELVES | OWN.get(service, set())


@pytest.mark.parametrize("service", SERVICES)
def test_services_are_packed_alike(service: str) -> None:
    """Distribution, script and dependencies differ in nothing but the name."""
    mine, first = project(service), project(SERVICES[0])
    assert mine["project"]["name"] == f"townhall-{service}"
    assert mine["project"]["scripts"] == {service: f"{service}.__main__:run"}
    assert mine["project"]["dependencies"] == first["project"]["dependencies"]
    assert mine["build-system"] == first["build-system"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_introduces_itself(service: str) -> None:
    """Each has a README of at most 40 lines that names its topic, its rules and how it runs alone."""
    text = (ROOT / "services" / service / "README.md").read_text()
    assert len(text.splitlines()) <= 40
    assert f"townhall.{service}.v1" in text


def test_domain_files_are_named_for_what_happens() -> None:
    """No `models.py` or `services.py` in a domain: those names say what a file is made of."""
    refused = {"models", "model", "services", "service", "entities", "exceptions", "errors", "enums", "constants"}
    named = [shown(path) for path in tracked("services/*/domain/*.py") if path.stem in refused]
    assert not named
