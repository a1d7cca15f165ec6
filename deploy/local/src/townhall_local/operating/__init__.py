"""Operator commands: topics, dead letters, outbox refill, replay."""
