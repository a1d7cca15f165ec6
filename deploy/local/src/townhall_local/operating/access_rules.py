"""Who may read and write which topic: the rules the platform needs, compared with those of a cluster.

The owner of a topic writes it, and nobody else does. A service reads what it consumes; a subscriber reads every event
topic and no dead letters. Everything else is denied, because nothing allows it.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from townhall.chassis.broker import dead_letter_topic
from townhall.contracts import CONSUMED_TOPICS, TOPICS

SUBSCRIBER_GROUPS: Final = "subscriber."
"""What the consumer groups of subscribers begin with, after the prefix: `subscriber.<name>.`."""
EVERYTHING: Final = "*"


@dataclass(frozen=True, order=True, slots=True)
class Rule:
    """One ACL of Kafka, in its words but in lower case."""

    principal: str
    """As `User:voting`."""
    operation: str
    resource: str
    """`topic`, `group` or another type."""
    name: str
    pattern: str = "literal"
    """`literal`, or `prefixed`: every resource whose name begins with `name`."""
    permission: str = "allow"
    host: str = EVERYTHING


@dataclass(frozen=True, slots=True)
class Comparison:
    """The rules a platform needs, and how those of the cluster differ."""

    wanted: tuple[Rule, ...]
    missing: tuple[Rule, ...]
    superfluous: tuple[Rule, ...]
    """Rules on the platform's own topics and groups that it doesn't need."""
    broader: tuple[Rule, ...]
    """Rules on more than the platform's topics and groups that apply to them too. They are never removed here."""

    @property
    def changes(self) -> bool:
        """Whether there is any difference."""
        return bool(self.missing or self.superfluous or self.broader)


@dataclass(frozen=True, slots=True)
class Access:
    """Whom the rules are for."""

    prefix: str = ""
    """Prefix of topics and groups."""
    principal_prefix: str = ""
    """What each principal's name begins with."""
    subscribers: Sequence[str] = ()

    def rules(self) -> list[Rule]:
        """Return every rule that is needed, in order."""
        return sorted([*self._of_services(), *self._of_subscribers()])

    def compare(self, existing: Collection[Rule]) -> Comparison:
        """Compare the rules of a cluster with those needed."""
        wanted = self.rules()
        others = sorted(set(existing) - set(wanted))
        return Comparison(
            tuple(wanted),
            missing=tuple(rule for rule in wanted if rule not in existing),
            superfluous=tuple(rule for rule in others if self._is_ours(rule)),
            broader=tuple(rule for rule in others if not self._is_ours(rule) and self._reaches_ours(rule)),
        )

    def _of_services(self) -> Iterator[Rule]:
        for topic in TOPICS:
            service = topic.split(".")[1]
            principal = f"User:{self.principal_prefix}{service}"
            yield Rule(principal, "write", "topic", self.prefix + topic)
            yield Rule(principal, "write", "topic", self.prefix + dead_letter_topic(service))
            for consumed in CONSUMED_TOPICS[service]:
                yield Rule(principal, "read", "topic", self.prefix + consumed)
            yield Rule(principal, "read", "group", f"{self.prefix}{service}-", "prefixed")

    def _of_subscribers(self) -> Iterator[Rule]:
        for name in self.subscribers:
            principal = f"User:{self.principal_prefix}{name}"
            for topic in TOPICS:
                yield Rule(principal, "read", "topic", self.prefix + topic)
            yield Rule(principal, "read", "group", f"{self.prefix}{SUBSCRIBER_GROUPS}{name}.", "prefixed")

    def _own_names(self, resource: str) -> list[str]:
        """Return what the names of the platform's own topics, or groups, begin with."""
        if resource == "topic":
            return [f"{self.prefix}townhall.{topic.split('.')[1]}." for topic in TOPICS]
        groups = [f"{topic.split('.')[1]}-" for topic in TOPICS]
        return [self.prefix + name for name in (*groups, SUBSCRIBER_GROUPS)] if resource == "group" else []

    def _is_ours(self, rule: Rule) -> bool:
        return rule.name.startswith(tuple(self._own_names(rule.resource)))

    def _reaches_ours(self, rule: Rule) -> bool:
        if rule.resource == "cluster":
            return True
        own = self._own_names(rule.resource)
        if rule.pattern == "prefixed":
            return any(name.startswith(rule.name) for name in own)
        return bool(own) and rule.name == EVERYTHING
