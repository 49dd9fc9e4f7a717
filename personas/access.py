"""Whether a person may talk with a persona now: the one door for pages, socket, /v1/ and lines that are tried.

Rows H4, CN5, H6, T1 and GD7 of docs/compliance.md.

For a person under 18, a persona is neither a relative nor a partner (China, Interim Measures, art. 14), and depicts
nobody who lives or has died.
"""

import re
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from django.utils.translation import gettext

from accounts.contacts import guardian_limits, guardians
from accounts.legal import laws
from accounts.models import User
from accounts.sign_in import ages
from moderation.desk import objections
from personas.audit import approvals
from personas.models import Answer, Confirmation, Depicts, Persona
from personas.shipped import SHIPPED

Code = Literal[
    "too_young",
    "not_served",
    "not_for_minors",
    "not_for_elders",
    "not_by_guardian",
    "persona_not_confirmed",
    "persona_not_approved",
    "persona_rests",
]

_KIN = (
    r"(?:(?:step|grand|great-?grand|foster|god|half)[\s-]?)?(?:mother|father|parent|brother|sister|son|daughter|child|ma|pa)"
    r"(?:s|-in-law)?|mom(?:my)?|mum(?:my)?|ma?ma|dad(?:dy)?|papa|sibling|granny|gran|nana|grandad|granddad|aunt(?:ie|y)?|uncle"
    r"|cousin|niece|nephew|relative|husband|wife|spouse|partner|boyfriend|girlfriend|lover|fianc[ée]e?|sweetheart|bride|groom"
    r"|gf|bf"
)
_KIN_CHINESE = (
    "母亲|母親|父亲|父親|妈|媽|爸|爹|娘亲|哥|姐|弟|妹|爷爷|爺爺|奶奶|姥姥|姥爷|外公|外婆|祖父|祖母|叔|伯|姨|姑|舅|婶|儿子|兒子"
    "|女儿|女兒|孙子|孫子|孙女|孫女|丈夫|老公|妻子|老婆|男友|女友|男朋友|女朋友|恋人|戀人|爱人|愛人|情人|情侣|未婚夫|未婚妻|伴侣|伴侶"
    "|配偶|对象|對象|亲人|親人|亲戚|親戚"
)
_CLOSE = re.compile(rf"\b(?:{_KIN})\b|{_KIN_CHINESE}", re.IGNORECASE)
_CALLED_SO = re.compile(rf"(?:my\s)?(?:{_KIN})|(?:我的?)?(?:{_KIN_CHINESE}){{1,2}}", re.IGNORECASE)
_YOURS = re.compile(
    rf"(?:\byour|\buser(?:'s|’s|\}}\}}'s|\}}\}}’s)?)\s(?:\w{{1,20}}\s)?(?:{_KIN})\b|你的?(?:{_KIN_CHINESE})",
    re.IGNORECASE,
)


class Portrait(Protocol):
    """What a persona, stored or not, says about who it is."""

    @property
    def name(self) -> str: ...

    @property
    def depicts(self) -> str: ...

    @property
    def relation(self) -> str: ...

    @property
    def description(self) -> str: ...

    @property
    def scenario(self) -> str: ...


@dataclass(frozen=True)
class Refusal:
    """Why nobody talks here: a code for programs, and a sentence for the person."""

    code: Code
    user_message: str


def refusal(user: User, persona: Persona) -> Refusal | None:
    """Why this person may not talk with this persona now. None if they may."""
    return without_approval(user, persona) or _unapproved(persona)


def without_approval(user: User, persona: Persona) -> Refusal | None:
    """As `refusal`, but a persona that a reviewer has not approved yet is allowed: its owner may still change it."""
    return _refusal_to_person(user, persona, persona.pk) or unconfirmed(persona) or resting(persona)


def refusal_to_try(user: User, portrait: Portrait) -> Refusal | None:
    """Why this person may not try a persona that is not saved yet. None if they may."""
    if refused := _refusal_to_person(user, portrait, None):
        return refused
    if portrait.depicts == Depicts.LIVING:
        reason = gettext(
            "A persona of a living person is silent until that person has agreed. So no line can be tried."
        )
        return Refusal("persona_not_confirmed", reason)
    reason = approvals.silence_of_draft()
    return Refusal("persona_not_approved", reason) if reason else None


def _refusal_to_person(user: User, portrait: Portrait, persona_id: UUID | None) -> Refusal | None:
    if not ages.is_admitted(user):
        return Refusal("too_young", gettext("By its date of birth, this account cannot use the site."))
    if not laws.is_served(user.country):
        message = gettext("This site is not offered in your country. You can take your data along.")
        return Refusal("not_served", message)
    return (
        refusal_to_minor(user, portrait) or refusal_of_guardian(user, persona_id) or _refusal_to_elder(user, portrait)
    )


def _unapproved(persona: Persona) -> Refusal | None:
    reason = approvals.silence_of(persona)
    return Refusal("persona_not_approved", reason) if reason else None


def resting(persona: Persona) -> Refusal | None:
    """Why a persona is silent while a person looks at an objection to it (compliance GD7). None if there is none."""
    if not objections.rests(persona.pk):
        return None
    reason = gettext("Somebody has objected to %(name)s. It rests until a person has decided. Nothing of it is lost.")
    return Refusal("persona_rests", reason % {"name": persona.name})


def unconfirmed(persona: Persona) -> Refusal | None:
    """Why a persona of a living person is silent (compliance H6). None if the person has agreed, or there is none.

    A no also stands where the owner says by now that the persona depicts somebody else.
    """
    confirmation = Confirmation.objects.filter(persona=persona).first()
    if confirmation is not None and confirmation.is_refused:
        reason = gettext("The person whom {name} depicts does not agree. So it talks with nobody.")
    elif persona.depicts != Depicts.LIVING or _is_confirmed(persona, confirmation):
        return None
    else:
        reason = gettext(
            "{name} depicts a living person, who has not confirmed yet that they agree. Until then it is silent."
        )
    return Refusal("persona_not_confirmed", reason.format(name=persona.name))


def _is_confirmed(persona: Persona, confirmation: Confirmation | None) -> bool:
    """Whether the person has agreed to a persona of this name."""
    return confirmation is not None and (confirmation.answer, confirmation.name) == (Answer.YES, persona.name)


def refusal_to_minor(user: User, portrait: Portrait) -> Refusal | None:
    """Why a person under 18 may neither make this persona nor talk with it. None for an adult."""
    if not ages.is_minor(user) or not _is_close(portrait):
        return None
    return Refusal(
        "not_for_minors",
        gettext(
            "%(name)s is made as somebody close: a relative, a partner, or a real person who lives or has died. "
            "The site has no such personas for people under 18."
        )
        % {"name": portrait.name},
    )


def refusal_of_guardian(user: User, persona_id: UUID | None) -> Refusal | None:
    """Why the guardian's limit keeps a person under 18 from this persona; None as id: one that is not stored."""
    guardian = guardians.of(user)
    if guardian is None or not guardian.only_shipped or persona_id in SHIPPED:
        return None
    reason = gettext(
        "%(name)s, your guardian, has chosen that you talk only with the personas that come with this site. "
        "This one is kept, and is silent."
    )
    words = f"{reason % {'name': guardian.name}} {guardian_limits.where_help_is()}"
    return Refusal("not_by_guardian", words)


def _refusal_to_elder(user: User, portrait: Portrait) -> Refusal | None:
    """Why a person of 60 or over may not talk with this persona, where the owner protects them (compliance CN12)."""
    if not ages.is_elder(user) or not _is_close(portrait) or not laws.is_in_scope(laws.ELDERS):
        return None
    return Refusal(
        "not_for_elders",
        gettext(
            "%(name)s is made as somebody close. The operator of this site has closed such personas to people of "
            "%(years)s and over."
        )
        % {"name": portrait.name, "years": ages.ELDER},
    )


def _is_close(portrait: Portrait) -> bool:
    return (
        portrait.depicts in {Depicts.LIVING, Depicts.DEAD}
        or _CLOSE.search(portrait.relation) is not None
        or _CALLED_SO.fullmatch(portrait.name.strip()) is not None
        or any(_YOURS.search(text) for text in (portrait.description, portrait.scenario))
    )
