"""Every alert says what to do, is tested both ways, and asks for metrics that exist."""

import re

import pytest

from tests.watching.rules import AROUND, EXPORTERS, RUNBOOKS, alerts, cases, declared, expressions, names, recorded

ALERTS = sorted({alert.name for alert in alerts()})
PAGE = RUNBOOKS.parent / "watching.md"
SECTIONS = ["Meaning", "Impact", "First look", "Fix", "Escalate"]


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_has_a_runbook(name: str) -> None:
    """With the five sections, none of them empty."""
    text = (RUNBOOKS / f"{name}.md").read_text()
    assert text.startswith(f"# {name}\n")
    sections = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    assert sections[1::2] == SECTIONS
    assert all(len(body.strip()) > 20 for body in sections[2::2])


def test_every_runbook_is_of_an_alert() -> None:
    """A page of an alert that is gone misleads."""
    assert sorted(path.stem for path in RUNBOOKS.glob("*.md")) == ALERTS


def test_the_page_lists_every_alert() -> None:
    """With its severities, as a link to its runbook."""
    listed = re.findall(r"^\| \[(\w+)\]\(runbooks/\1\.md\) \| ([a-z, ]+) \|", PAGE.read_text(), re.MULTILINE)
    severities: dict[str, set[str]] = {}
    for alert in alerts():
        severities.setdefault(alert.name, set()).add(alert.labels["severity"])
    assert {name: set(text.split(", ")) for name, text in listed} == severities


def test_an_alert_says_how_urgent_it_is_and_what_to_read() -> None:
    """`severity`, `summary`, `description`, and a link to its runbook."""
    for alert in alerts():
        assert alert.labels["severity"] in {"page", "ticket"}, alert.name
        assert alert.annotations.keys() == {"summary", "description", "runbook_url"}, alert.name
        assert alert.annotations["runbook_url"] == f"docs/operations/runbooks/{alert.name}.md"


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_is_tested_both_ways(name: str) -> None:
    """One case in which it fires and one in which it stays silent, and each expects what its name says."""
    found = [case for case in cases() if case["name"].split(" ", 1)[0] == name]
    kinds = {case["name"].split(" ", 1)[1].split(":")[0] for case in found}
    assert kinds == {"fires", "stays silent"}
    for case in found:
        [check] = case["promql_expr_test"]
        assert f'alertname="{name}"' in check["expr"]
        assert bool(check["exp_samples"]) == ("fires" in case["name"].split(":")[0])


@pytest.mark.parametrize(("where", "expression"), list(expressions()), ids=[where for where, _ in expressions()])
def test_the_metrics_of_an_expression_exist(where: str, expression: str) -> None:
    """In rules and in dashboards: a name nobody exposes is silent for ever."""
    found = names(expression)
    assert found, where
    assert found - declared() - recorded() - EXPORTERS - AROUND == set()


def test_the_metrics_of_the_test_cases_exist() -> None:
    """A case with a misspelt name would keep an alert silent for the wrong reason."""
    series = {each["series"].partition("{")[0] for case in cases() for each in case["input_series"]}
    assert series - declared() - EXPORTERS - AROUND == set()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('sum by (service) (rate(a_total{x="b_total"}[5m])) > 0.5', {"a_total"}),
        ("max(a) - on (b) max(c:d:e5m) offset 1h", {"a", "c:d:e5m"}),
        ("14.4 * a and b unless c", {"a", "b", "c"}),
    ],
)
def test_names_are_found(expression: str, expected: set[str]) -> None:
    """Functions, labels, windows and numbers are no names."""
    assert names(expression) == expected
