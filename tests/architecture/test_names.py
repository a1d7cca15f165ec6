"""Module names are specific, and the same in all four services."""

import tomllib
from typing import Any

import pytest

from tests.architecture.repository import ROOT, SERVICES, package, shown, tracked

REFUSED = {"utils", "util", "helpers", "helper", "common", "base", "core", "misc", "types", "manager", "impl", "lib"}
REQUIRED = {
    "__init__", "__main__", "app", "consumers", "domain", "handlers", "metrics", "migrations", "routes", "schemas",
    "settings", "store",
}  # fmt: skip
ADDITIONAL = {"voting": {"fast_path", "intake", "state", "tally_cache"}}
"""Modules that only one service has."""


def project(service: str) -> dict[str, Any]:
    """Read a service's pyproject.toml."""
    return tomllib.loads((ROOT / "services" / service / "pyproject.toml").read_text())


def test_no_module_has_a_generic_name() -> None:
    """A module is named after its contents, not `utils` or the like."""
    parts = {part for path in tracked("*.py") for part in path.relative_to(ROOT).with_suffix("").parts}
    assert not parts & REFUSED


@pytest.mark.parametrize("service", SERVICES)
def test_services_look_alike(service: str) -> None:
    """All services have the same modules (or packages of the same name)."""
    found = {path.stem for path in package(service).iterdir() if path.suffix == ".py" or (path / "env.py").exists()}
    found |= {path.name for path in package(service).iterdir() if (path / "__init__.py").exists()}
    assert found == REQUIRED | ADDITIONAL.get(service, set())


@pytest.mark.parametrize("service", SERVICES)
def test_services_are_packed_alike(service: str) -> None:
    """Distribution, script and dependencies differ only in the name."""
    mine, first = project(service), project(SERVICES[0])
    assert mine["project"]["name"] == f"townhall-{service}"
    assert mine["project"]["scripts"] == {service: f"{service}.__main__:run"}
    assert mine["project"]["dependencies"] == first["project"]["dependencies"]
    assert mine["build-system"] == first["build-system"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_a_short_readme(service: str) -> None:
    """Each README has at most 40 lines and names the topic of the service."""
    text = (ROOT / "services" / service / "README.md").read_text()
    assert len(text.splitlines()) <= 40
    assert f"townhall.{service}.v1" in text


def test_domain_files_are_named_for_what_happens() -> None:
    """No `models.py`, `services.py` or the like in a domain."""
    refused = {"models", "model", "services", "service", "entities", "exceptions", "errors", "enums", "constants"}
    named = [shown(path) for path in tracked("services/*/domain/*.py") if path.stem in refused]
    assert not named
