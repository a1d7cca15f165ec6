"""The outbox: events are stored with their cause and published by the relay."""

from townhall.chassis.outbox.announcing import (
    CHANNEL,
    LARGEST,
    Announcement,
    EventTooLarge,
    Record,
    refill,
    write,
    write_record,
)

__all__ = ["CHANNEL", "LARGEST", "Announcement", "EventTooLarge", "Record", "refill", "write", "write_record"]
