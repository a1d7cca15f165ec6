"""What operators do to a platform: topics, messages set aside, the outbox, replay."""
