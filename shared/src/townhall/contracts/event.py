"""What every event is: a frozen fact with a type, a topic and the key whose order matters."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Event(BaseModel):
    """A fact about the past. Unknown fields are ignored, so that new fields never break an old reader."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    TYPE: ClassVar[str]
    """CloudEvents `type`: `<owner>.<fact>.v<major>`."""
    TOPIC: ClassVar[str]
    """The topic of the owner."""
    KEY: ClassVar[str]
    """The field whose value is the Kafka key: events of one key keep their order."""

    @property
    def key(self) -> str:
        """The Kafka key and CloudEvents `subject`."""
        return str(getattr(self, self.KEY))


E_co = TypeVar("E_co", bound=Event, covariant=True)


@dataclass(frozen=True, slots=True)
class ReceivedEvent(Generic[E_co]):
    """An event as it was delivered, with the attributes of its CloudEvents envelope."""

    id: UUID
    """`ce_id`: stable across redelivery."""
    source: str
    """`ce_source`: the service that announced it."""
    version: int
    """`ce_sequence`: 1, 2, 3 … within one source and key."""
    at: datetime
    """`ce_time`: when the announcing transaction ran, by its database's clock."""
    event: E_co
