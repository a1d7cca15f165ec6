"""Reading and changing the ACLs of a cluster, with confluent-kafka: aiokafka's admin client has no such requests."""

import logging
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from townhall.chassis.broker import Bus
from townhall_local.errors import CommandError
from townhall_local.operating.access_rules import Rule

TIMEOUT: Final = 15.0
"""Seconds one request may take."""
_ANY: Final[Any] = None
"""Matches every name, principal and host; the library's annotations leave it out."""
_ALL: Final = AclBindingFilter(
    ResourceType.ANY, _ANY, ResourcePatternType.ANY, _ANY, _ANY, AclOperation.ANY, AclPermissionType.ANY
)
_NO_RIGHT: Final = "this user may not: it needs DESCRIBE and ALTER on the cluster, or to be a super user"
_REFUSALS: Final = {
    KafkaError.SECURITY_DISABLED: "it has no authorizer, so ACLs would have no effect: set authorizer.class.name",
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: _NO_RIGHT,
}
_RESOURCES: Final = {ResourceType.BROKER: "cluster"}
"""Kafka's cluster is a broker in this library's names."""


class AclClient:
    """A connection to one cluster. Methods raise `CommandError` if the cluster refuses."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        settings: dict[str, Any] = {"bootstrap.servers": bus.servers} | bus.security.librdkafka()
        self._admin = AdminClient(settings, logger=logging.getLogger("librdkafka"))

    def rules(self) -> set[Rule]:
        """Return every rule of the cluster.

        The right to is looked up first: without it the library returns no rule and no error. A broker that knows no
        ACLs, as the embedded one, grants no such right.
        """
        described = self._admin.describe_cluster(include_authorized_operations=True, request_timeout=TIMEOUT)
        if AclOperation.DESCRIBE not in (self._result(described).authorized_operations or ()):
            raise self._error(_NO_RIGHT)
        return {_rule(binding) for binding in self._result(self._admin.describe_acls(_ALL, request_timeout=TIMEOUT))}

    def create(self, rules: Sequence[Rule]) -> None:
        """Create rules; those that exist stay as they are."""
        if rules:
            self._wait(self._admin.create_acls([_binding(rule) for rule in rules], request_timeout=TIMEOUT).values())

    def delete(self, rules: Sequence[Rule]) -> None:
        """Delete exactly these rules."""
        if rules:
            filters = [_filter(rule) for rule in rules]
            self._wait(self._admin.delete_acls(filters, request_timeout=TIMEOUT).values())

    def _wait(self, futures: "Iterable[Future[Any]]") -> None:
        for future in futures:
            self._result(future)

    def _result(self, future: "Future[Any]") -> Any:  # noqa: ANN401  of whatever the request returns
        try:
            return future.result(TIMEOUT)
        except KafkaException as error:
            fault = error.args[0]
            raise self._error(_REFUSALS.get(fault.code(), f"it reported {fault.name()}")) from error

    def _error(self, reason: str) -> CommandError:
        return CommandError(f"The ACLs of the cluster at {self._bus.servers} can't be used: {reason}.")


def _rule(binding: AclBinding) -> Rule:
    kind = ResourceType(binding.restype)
    return Rule(
        binding.principal,
        AclOperation(binding.operation).name.lower(),
        _RESOURCES.get(kind, kind.name.lower()),
        binding.name,
        ResourcePatternType(binding.resource_pattern_type).name.lower(),
        permission=AclPermissionType(binding.permission_type).name.lower(),
        host=binding.host,
    )


def _fields(rule: Rule) -> tuple[Any, ...]:
    kind = ResourceType[rule.resource.upper()]
    operation, permission = AclOperation[rule.operation.upper()], AclPermissionType[rule.permission.upper()]
    return kind, rule.name, ResourcePatternType[rule.pattern.upper()], rule.principal, rule.host, operation, permission


def _binding(rule: Rule) -> AclBinding:
    return AclBinding(*_fields(rule))


def _filter(rule: Rule) -> AclBindingFilter:
    return AclBindingFilter(*_fields(rule))
