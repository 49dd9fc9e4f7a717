"""The statement of reasons for a restricted person (DSA art. 17; compliance R24, DS3)."""

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from moderation.models import ActionKind, Case, Source
from moderation.plain_words import category_in_words, listed

_WHAT = {
    ActionKind.WARN: "You have been given a warning.",
    ActionKind.LOCK_CONVERSATION: "Your conversation with {persona} has been locked.",
    ActionKind.SUSPEND_USER: "Your account has been suspended until {until}.",
    ActionKind.DISABLE_PERSONA: "The persona {persona} has been disabled.",
    ActionKind.BAN: "Your account has been closed to messages for good.",
}
_EFFECT = {
    ActionKind.WARN: "Nothing is taken from you. A later decision may take this warning into account.",
    ActionKind.LOCK_CONVERSATION: (
        "You can read and export this conversation, and nothing can be added to it until the lock is lifted. "
        "Your other conversations go on."
    ),
    ActionKind.SUSPEND_USER: (
        "Until then you can read, export and erase what is yours, and you cannot send messages. "
        "Help lines stay open to you at {help}."
    ),
    ActionKind.DISABLE_PERSONA: (
        "Nobody can talk with this persona until the decision is lifted. What was said with it can still be read."
    ),
    ActionKind.BAN: (
        "You can read, export and erase what is yours, and you cannot send messages any more. "
        "Help lines stay open to you at {help}."
    ),
}
_ONE_PERSON = "a person read the marked part and what stood around it, and decided"
_TWO_PEOPLE = "two people read the marked part and what stood around it, one after the other, and decided"


class IncompleteStatement(ValueError):
    """A part of the statement is missing. Nothing may be restricted without all parts."""


@dataclass(frozen=True)
class Statement:
    """Six parts, each at least a sentence. `text` is stored and shown."""

    what: str
    facts: str
    decided_by: str
    rule: str
    effect: str
    objection: str

    def __post_init__(self) -> None:
        for part in fields(self):
            if not getattr(self, part.name).strip():
                raise IncompleteStatement(f"The statement of reasons has no part {part.name!r}.")

    @property
    def text(self) -> str:
        return "\n\n".join(getattr(self, part.name) for part in fields(self))


def statement_for(
    *, case: Case, kind: ActionKind, reason: str, policy_version: str, restriction_id: UUID, ends_at: datetime | None
) -> Statement:
    """The six parts: what was decided, the facts, how, the rule, the effect, how to object."""
    words = {
        "persona": case.persona_name,
        "until": f"{ends_at:%d %B %Y, %H:%M} UTC" if ends_at else "",
        "help": settings.SITE_URL + reverse("moderation:help"),
    }
    return Statement(
        what=_WHAT[kind].format(**words),
        facts=(f"The facts: {_facts(case)} The reason given by the person who decided: {reason}"),
        decided_by=(
            f"How it was decided: {_occasion(case)}; "
            f"{_TWO_PEOPLE if kind == ActionKind.BAN else _ONE_PERSON}. The decision itself was not automatic."
        ),
        rule=(
            f"The rule: version {policy_version} of the rules of this site, "
            f"which you can read at {settings.SITE_URL}{reverse('moderation:rules')}."
        ),
        effect=f"The effect: {_EFFECT[kind].format(**words)}",
        objection=(
            "How to object: within six months, free of charge, at "
            f"{settings.SITE_URL}{reverse('moderation:decision', args=[restriction_id])}. Another person than the one "
            "who decided will read your objection and answer it. The way to the courts stays open to you."
        ),
    )


def _facts(case: Case) -> str:
    if case.source == Source.OBJECTION:
        return (
            f"on {case.opened_at:%d %B %Y}, somebody who says that they are the person whom {case.persona_name} "
            "depicts, an heir or of the family, objected to the persona."
        )
    signs = (
        listed([category_in_words(category) for category in case.categories]) or "a sign that a person had to look at"
    )
    opened = f"{case.opened_at:%d %B %Y}"
    return f"in your conversation with {case.persona_name}, opened for review on {opened}, the site noticed {signs}."


def _occasion(case: Case) -> str:
    if case.source == Source.OBJECTION:
        return "an objection opened the case, and the persona rested since"
    return "an automatic filter marked the conversation"
