"""The laws that this site keeps, each a switch with a stored reason (compliance CA1, NY1, CN1, CN12, H3).

Every law is in scope until the owner decides otherwise, because a site that remembers people and talks with them as a
person would is what these laws are about. A decision is a row that stays. Out of scope, a law's interval of reminders
no longer counts. Everything else that the laws ask for is built in and stays.

A law of a country that the owner does not serve refuses its people, as far as the site knows them: by the browser's
region at sign-up, and by the country of an account. It looks up no network address.

    ScopeRefused            .user_message: a sentence for the owner
"""

from dataclasses import dataclass, field
from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import LawScope, Scope, User
from accounts.sign_in import roles

ELDERS = "cn-elders"


@dataclass(frozen=True)
class Law:
    key: str
    title: str | Promise
    asks: str | Promise
    adults: timedelta | None = None  # of continuous use, after which an adult is reminded
    minors: timedelta | None = None
    countries: frozenset[str] = field(default_factory=frozenset)  # whose people are refused if they are not served
    default: Scope = Scope.IN


_HOURS = {hours: timedelta(hours=hours) for hours in (1, 2, 3)}
LAWS = {
    law.key: law
    for law in (
        Law(
            "us-ca",
            _("California, Business and Professions Code 22601 to 22606"),
            _("A notice of the AI, a protocol for crises, and for minors a reminder every three hours."),
            minors=_HOURS[3],
        ),
        Law(
            "us-ny",
            _("New York, General Business Law 1700 to 1704"),
            _(
                "A protocol for crises, and a notice of the AI at the start and every three hours. It applies by "
                "itself where a persona remembers earlier talks and speaks of feelings, as here."
            ),
            adults=_HOURS[3],
            minors=_HOURS[3],
        ),
        Law(
            "us-wa",
            _("Washington, HB 2225, from 2027"),
            _("A notice of the AI every three hours, and for minors every hour."),
            adults=_HOURS[3],
            minors=_HOURS[1],
        ),
        Law(
            "us-or",
            _("Oregon, SB 1546, from 2027"),
            _("The site interrupts a talk at a wish to die, and reports each year."),
        ),
        Law(
            "eu",
            _("European Union, Regulation (EU) 2024/1689, article 50"),
            _("A notice of the AI at the first words, and marks on what an AI wrote."),
        ),
        Law(
            "cn",
            _("China, Interim Measures on anthropomorphic AI interaction services"),
            _("A reminder every two hours, no relatives or partners for minors, an emergency contact."),
            adults=_HOURS[2],
            minors=_HOURS[2],
            countries=frozenset({"CN"}),
        ),
        Law(
            ELDERS,
            _("China, protection of people of 60 and over, as the draft of December 2025 had it"),
            _(
                "No personas of relatives and partners for people of 60 and over. Whether this became law is not "
                "confirmed, so it is off, and the site claims nothing about it."
            ),
            default=Scope.OUT,
        ),
    )
}


class ScopeRefused(Exception):
    def __init__(self, user_message: str | Promise) -> None:
        super().__init__(str(user_message))
        self.user_message = user_message


def scopes() -> dict[str, Scope]:
    """The scope of every law."""
    newest = LawScope.objects.order_by("law", "-decided_at", "-pk").distinct("law").values_list("law", "scope")
    return {key: law.default for key, law in LAWS.items()} | {key: Scope(scope) for key, scope in newest if key in LAWS}


def is_in_scope(key: str) -> bool:
    return scopes()[key] == Scope.IN


def shortest_interval(*, is_minor: bool) -> timedelta | None:
    """The shortest interval of reminders of the laws in scope; None if none of them has one."""
    kept = [LAWS[key] for key, scope in scopes().items() if scope == Scope.IN]
    return min((hours for law in kept if (hours := law.minors if is_minor else law.adults)), default=None)


def is_served(country: str) -> bool:
    """Whether people of this country (ISO 3166-1 alpha-2, "" if unknown) may use the site."""
    return not any(
        country in law.countries and scope == Scope.NOT_SERVED
        for law, scope in ((LAWS[key], scope) for key, scope in scopes().items())
    )


@transaction.atomic
def decide(*, law: str, scope: Scope | str, reason: str, owner: User) -> LawScope:
    """Puts a law into a scope. Raises ScopeRefused, PermissionDenied, and KeyError and ValueError for unknown names."""
    chosen, scope = LAWS[law], Scope(scope)
    if not owner.is_owner:
        raise PermissionDenied("Only the owner decides which laws the site keeps.")
    if not reason.strip():
        raise ScopeRefused(_("Give a reason. It is kept with the decision."))
    if scope == Scope.NOT_SERVED and not chosen.countries:
        raise ScopeRefused(_("The site cannot tell who lives there, so it cannot refuse them."))
    before = scopes()[law]
    row = LawScope.objects.create(law=law, scope=scope, reason=reason.strip(), decided_by=owner)
    roles.record(
        action="law.scope_changed", subject=f"law:{law}", actor=owner, data={"from": str(before), "to": str(scope)}
    )
    return row
