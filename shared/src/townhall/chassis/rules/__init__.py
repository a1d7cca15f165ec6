"""Rules as data: versions of a service's parameters, and the routes that show and enact them."""

from townhall.chassis.rules.versions import InForce, NoSuchRule, RuleInThePast, Rules

__all__ = ["InForce", "NoSuchRule", "RuleInThePast", "Rules"]
