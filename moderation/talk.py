"""The values of a conversation that is judged as a whole: its turns, and the findings about them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.utils.functional import Promise

NOT_STORED = UUID(int=0)

Speaker = Literal["user", "persona"]


@dataclass(frozen=True)
class Turn:
    speaker: Speaker
    text: str
    message_id: UUID
    at: datetime
    persona_id: UUID | None = None  # the persona that says it, where that is stored
    name: str = ""  # of that persona


@dataclass(frozen=True)
class Finding:
    signal: str
    category: str
    severity: int  # 0 to 100; the queue's first order
    score: float
    threshold: float
    message_id: UUID  # NOT_STORED as long as the text is not stored
    detail: str | Promise  # for a reviewer, in their language, without the words of the text
    version: str
    supports: tuple[UUID, ...] = ()  # earlier turns on which it rests too
