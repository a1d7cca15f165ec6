"""The generated pages are up to date and complete."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contracts.assembled_services import NAMES, service
from tests.contracts.field_docs import description
from tests.contracts.metric_tables import defined
from tests.contracts.pages import PAGES, REFERENCE
from tests.contracts.setting_tables import meaning as setting_meaning
from tests.contracts.setting_tables import settings_of
from townhall.chassis.consuming.contract import Reason
from townhall.chassis.consuming.status import StopReason
from townhall.contracts import CATALOGUE, TOPICS, Event


@pytest.mark.parametrize(("path", "page"), PAGES.items(), ids=[path.name for path in PAGES])
def test_a_page_is_not_stale(path: Path, page: Callable[[], str]) -> None:
    """`make docs` would not change it."""
    assert path.read_text() == page()


@pytest.mark.parametrize(("path", "page"), PAGES.items(), ids=[path.name for path in PAGES])
def test_each_row_has_the_columns_of_its_table(path: Path, page: Callable[[], str]) -> None:
    """No cell has an unescaped `|`, which would move the cells after it."""
    for table in re.findall(r"(?:^\|.*\n)+", page(), re.MULTILINE):
        columns, *rows = (len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines())
        assert set(rows) == {columns}, path.name


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=CATALOGUE.keys())
def test_each_field_is_described(kind: type[Event]) -> None:
    """The field itself or its type has a description for subscribers."""
    assert [name for name in kind.model_fields if not description(kind, name)] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_service_announces_all_types_of_its_topic(name: str) -> None:
    """Every type of a topic is announced by the owner of the topic and by no other service."""
    assert {kind.TYPE for kind in service(name).announces} == {
        kind.TYPE for kind in CATALOGUE.values() if kind.TOPIC == f"townhall.{name}.v1"
    }
    assert {each.topic for each in service(name).subscriptions} <= set(TOPICS)


@pytest.mark.parametrize("name", NAMES)
def test_a_metric_has_the_prefix_of_its_service(name: str) -> None:
    """`voting_…` for voting, so that names are unique across services."""
    names = [family.name for metric in defined(f"{name}.metrics") for family in metric.describe()]
    assert names
    assert [each for each in names if not each.startswith(f"{name}_")] == []


@pytest.mark.parametrize("name", NAMES)
def test_each_setting_has_a_meaning(name: str) -> None:
    """An operator need not read code: a docstring stands below each setting."""
    assert [field for field, info in settings_of(name).model_fields.items() if not setting_meaning(info)] == []


def test_the_guide_of_dead_letters_has_every_reason() -> None:
    """An operator finds each reason that `dead-letters list` or an alert shows."""
    page = (REFERENCE.parent / "how-to" / "settle-dead-letters.md").read_text()
    assert not [reason for reason in Reason if f"`{reason}`" not in page]
    assert not [reason for reason in StopReason if f"`{reason}`" not in page]
