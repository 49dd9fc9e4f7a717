"""The statement of reasons for a restricted person (DSA art. 17; compliance R24, DS3)."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_noop

from accounts.interface import languages
from moderation.models import ActionKind, Case, Source
from moderation.plain_words import category_in_words
from text.lists import listed

_WHAT = {
    ActionKind.WARN: gettext_noop("You have been given a warning."),
    ActionKind.LOCK_CONVERSATION: gettext_noop("Your conversation with {persona} has been locked."),
    ActionKind.SUSPEND_USER: gettext_noop("Your account has been suspended until {until}."),
    ActionKind.DISABLE_PERSONA: gettext_noop("The persona {persona} has been disabled."),
    ActionKind.BAN: gettext_noop("Your account has been closed to messages for good."),
}
_EFFECT = {
    ActionKind.WARN: gettext_noop("Nothing is taken from you. A later decision may take this warning into account."),
    ActionKind.LOCK_CONVERSATION: gettext_noop(
        "You can read and export this conversation, and nothing can be added to it until the lock is lifted. "
        "Your other conversations go on."
    ),
    ActionKind.SUSPEND_USER: gettext_noop(
        "Until then you can read, export and erase what is yours, and you cannot send messages. "
        "Help lines stay open to you at {help}."
    ),
    ActionKind.DISABLE_PERSONA: gettext_noop(
        "Nobody can talk with this persona until the decision is lifted. What was said with it can still be read."
    ),
    ActionKind.BAN: gettext_noop(
        "You can read, export and erase what is yours, and you cannot send messages any more. "
        "Help lines stay open to you at {help}."
    ),
}
_ONE_PERSON = gettext_noop("a person read the marked part and what stood around it, and decided")
_TWO_PEOPLE = gettext_noop("two people read the marked part and what stood around it, one after the other, and decided")


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
    """The six parts: what was decided, the facts, how, the rule, the effect, how to object. In the "
    "person's language."""
    with languages.speaking_to(case.user):
        words = {
            "persona": case.persona_name,
            "until": _moment(ends_at) if ends_at else "",
            "help": settings.SITE_URL + reverse("moderation:help"),
        }
        return Statement(
            what=gettext(_WHAT[kind]).format(**words),
            facts=gettext("The facts: %(facts)s The reason given by the person who decided: %(reason)s")
            % {"facts": _facts(case), "reason": reason},
            decided_by=gettext("How it was decided: %(occasion)s; %(reading)s. The decision itself was not automatic.")
            % {
                "occasion": _occasion(case),
                "reading": gettext(_TWO_PEOPLE if kind == ActionKind.BAN else _ONE_PERSON),
            },
            rule=gettext("The rule: version %(version)s of the rules of this site, which you can read at %(address)s.")
            % {"version": policy_version, "address": settings.SITE_URL + reverse("moderation:rules")},
            effect=gettext("The effect: %(effect)s") % {"effect": gettext(_EFFECT[kind]).format(**words)},
            objection=gettext(
                "How to object: within six months, free of charge, at %(address)s. Another person than the one who "
                "decided will read your objection and answer it. The way to the courts stays open to you."
            )
            % {"address": settings.SITE_URL + reverse("moderation:decision", args=[restriction_id])},
        )


def _moment(moment: datetime) -> str:
    return f"{date_format(moment.astimezone(UTC), 'DATETIME_FORMAT')} UTC"


def _facts(case: Case) -> str:
    words = {"persona": case.persona_name, "day": date_format(case.opened_at, "DATE_FORMAT")}
    if case.source == Source.OBJECTION:
        return (
            gettext(
                "on %(day)s, somebody who says that they are the person whom %(persona)s depicts, an heir or of the "
                "family, objected to the persona."
            )
            % words
        )
    signs = listed([category_in_words(category) for category in case.categories])
    words["signs"] = signs or gettext("a sign that a person had to look at")
    return (
        gettext("in your conversation with %(persona)s, opened for review on %(day)s, the site noticed %(signs)s.")
        % words
    )


def _occasion(case: Case) -> str:
    if case.source == Source.OBJECTION:
        return gettext("an objection opened the case, and the persona rested since")
    return gettext("an automatic filter marked the conversation")
