"""The generated pages say what the code says."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contracts.assembled import NAMES, service
from tests.contracts.meanings import meaning
from tests.contracts.metrics import defined
from tests.contracts.pages import PAGES
from tests.contracts.settings import meaning as setting_meaning
from tests.contracts.settings import settings_of
from townhall.contracts import CATALOGUE, TOPICS, Event


@pytest.mark.parametrize(("path", "page"), PAGES.items(), ids=[path.name for path in PAGES])
def test_a_page_is_not_stale(path: Path, page: Callable[[], str]) -> None:
    """`make docs` would write what stands there."""
    assert path.read_text() == page()


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=CATALOGUE.keys())
def test_each_field_says_what_it_means(kind: type[Event]) -> None:
    """A subscriber need not guess: the field or the type of its value explains itself."""
    assert [name for name in kind.model_fields if not meaning(kind, name)] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_service_announces_its_own_topic_whole(name: str) -> None:
    """Every type of a topic is announced by the topic's owner and by nobody else."""
    assert {kind.TYPE for kind in service(name).announces} == {
        kind.TYPE for kind in CATALOGUE.values() if kind.TOPIC == f"townhall.{name}.v1"
    }
    assert {each.topic for each in service(name).subscriptions} <= set(TOPICS)


@pytest.mark.parametrize("name", NAMES)
def test_a_metric_carries_the_name_of_its_service(name: str) -> None:
    """`voting_…` is voting's: no two services fight for a name."""
    names = [family.name for metric in defined(f"{name}.metrics") for family in metric.describe()]
    assert names
    assert [each for each in names if not each.startswith(f"{name}_")] == []


@pytest.mark.parametrize("name", NAMES)
def test_each_setting_has_a_meaning(name: str) -> None:
    """An operator need not read code: a docstring stands below each setting."""
    assert [field for field, info in settings_of(name).model_fields.items() if not setting_meaning(info)] == []
