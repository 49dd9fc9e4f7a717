"""The values of a talk that is judged as a whole: its turns, and what was found in them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

NOT_STORED = UUID(int=0)

Speaker = Literal["user", "persona"]


@dataclass(frozen=True)
class Turn:
    speaker: Speaker
    text: str
    message_id: UUID
    at: datetime


@dataclass(frozen=True)
class Finding:
    signal: str
    category: str
    severity: int  # 0 to 100; the queue's first order
    score: float
    threshold: float
    message_id: UUID  # NOT_STORED while nobody has stored the text yet
    detail: str  # in words for a reviewer, without the text itself
    version: str
