"""The owner's first page: who uses the site, what runs, and what needs attention. It shows counts and no words.

It stands here and not in a room because it shows parts of all of them.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db import connection
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import TruncDate
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.interface.requests import SignedIn
from accounts.legal import closing
from accounts.models import Role, User
from chat.models import Author, Message, Reply, ReplyStatus
from generation import overview
from generation.catalogue import model_rows
from generation.models import EngineSpend, ModelStatus
from moderation.desk import appeals, objections, sight
from moderation.models import Appeal, CaseStatus
from persona_site import health, plots
from personas.audit import approvals
from personas.models import Persona

DAYS = 28  # of use that the plots show
_WEEK = timedelta(days=7)
_LEAST_FREE = 0.1  # of the disk
_LONG_QUEUE = 20


@dataclass(frozen=True)
class Attention:
    """Something that the owner should look at, and where."""

    text: str
    url: str
    is_urgent: bool = False


@dataclass(frozen=True)
class People:
    accounts: int
    new: int  # in the last seven days
    writing: int  # wrote in the last seven days
    staff: int


@dataclass(frozen=True)
class Desk:
    open: int
    late: int  # open after their deadline
    late_objections: int


@dataclass(frozen=True)
class Disk:
    total: int  # bytes
    free: int
    database: int

    @property
    def used_percent(self) -> int:
        return round(100 * (self.total - self.free) / self.total)

    @property
    def is_nearly_full(self) -> bool:
        return self.free < self.total * _LEAST_FREE


@never_cache
@login_required
@require_GET
def owner_page(request: SignedIn) -> HttpResponse:
    owner = request.user
    if not owner.is_owner:
        raise Http404
    engines, waiting, disk = overview.engines(), overview.waiting(), _disk()
    desk = _desk(owner)
    context = {
        "attention": [
            *_of_parts(),
            *_of_engines(engines, waiting),
            *_of_desk(owner, desk),
            *_of_site(owner, disk),
        ],
        "people": _people(),
        "personas": Persona.objects.filter(owner__isnull=False).count(),
        "plots": _plots(),
        "engines": engines,
        "waiting": waiting,
        "replies": _replies(),
        "disk": disk,
        "desk": desk,
    }
    return render(request, "owner.html", context)


def _of_parts() -> Iterator[Attention]:
    names = {
        "classifier": _("The safety filter"),
        "generation": _("The generation worker"),
        "general": _("The general worker or the timetable"),
        "imports": _("The worker that reads uploads"),
    }
    for name, part in health.parts().items():
        if not part.ok:
            text = _("{part} does not work. People notice it now.").format(part=names.get(name, name))
            yield Attention(text, reverse("readyz"), is_urgent=True)


def _of_engines(engines: list[overview.Engine], waiting: int | None) -> Iterator[Attention]:
    url = reverse("admin:generation_engineentry_changelist")
    if not any(engine.entry.is_enabled for engine in engines):
        yield Attention(_("Every engine is switched off, so no reply can be written."), url, is_urgent=True)
    for engine in engines:
        if engine.entry.is_enabled and engine.state != "ready":
            state = {"engine": engine.entry.name, "state": engine.state_in_words}
            yield Attention(_("The engine {engine}: {state}.").format(**state), url)
    if waiting is not None and waiting >= _LONG_QUEUE:
        text = ngettext("{n} reply waits for its turn.", "{n} replies wait for their turn.", waiting)
        yield Attention(text.format(n=waiting), url)
    for model, entry in model_rows.entries():
        if entry.status == ModelStatus.FAILED:
            text = _("The installation of {model} failed.").format(model=model.title)
            yield Attention(text, reverse("generation:models"))


def _of_desk(owner: User, desk: Desk) -> Iterator[Attention]:
    waiting = [
        (
            desk.late,
            ngettext("{n} case is late.", "{n} cases are late.", desk.late),
            "moderation:queue",
        ),
        (
            desk.late_objections,
            ngettext(
                "{n} objection to a decision has waited for more than seven days.",
                "{n} objections to decisions have waited for more than seven days.",
                desk.late_objections,
            ),
            "moderation:queue",
        ),
        (
            objected := objections.waiting_for(owner).count(),
            ngettext(
                "{n} objection to a persona waits for a moderator.",
                "{n} objections to personas wait for a moderator.",
                objected,
            ),
            "object_to_persona_desk",
        ),
        (
            audits := approvals.waiting_for(owner).count() if approvals.is_required() else 0,
            ngettext("{n} persona waits for an approval.", "{n} personas wait for an approval.", audits),
            "persona_reviews:list",
        ),
    ]
    for number, text, page in waiting:
        if number:
            yield Attention(text.format(n=number), reverse(page), is_urgent=page == "moderation:queue")


def _of_site(owner: User, disk: Disk) -> Iterator[Attention]:
    if disk.is_nearly_full:
        text = _("The disk is {share} full.").format(share=f"{disk.used_percent}%")
        yield Attention(text, reverse("owner") + "#disk", is_urgent=True)
    if not owner.has_usable_password():
        text = _("You have no password yet. Without it you need a new link at the next sign-in.")
        yield Attention(text, reverse("account"))
    if closes_on := closing.announced():
        text = _("You have announced that the site closes on {day}.").format(day=date_format(closes_on))
        yield Attention(text, reverse("account"))


def _people() -> People:
    week_ago = timezone.now() - _WEEK
    accounts = User.objects.filter(is_active=True).aggregate(
        all=Count("pk"),
        new=Count("pk", filter=Q(date_joined__gte=week_ago)),
        staff=Count("pk", filter=~Q(role=Role.USER)),
    )
    writing = Message.objects.filter(author=Author.USER, created_at__gte=week_ago)
    count = writing.aggregate(people=Count("conversation__owner", distinct=True))["people"]
    return People(accounts["all"], accounts["new"], count, accounts["staff"])


def _plots() -> list[plots.Plot]:
    today = timezone.localdate()
    days = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
    start = timezone.now() - timedelta(days=DAYS)
    written = (
        Message.objects.filter(author=Author.USER, created_at__gte=start)
        .order_by()
        .annotate(day=TruncDate("created_at"))
        .values("day")
        .annotate(messages=Count("pk"), people=Count("conversation__owner", distinct=True))
        .values_list("day", "messages", "people")
    )
    rows = {day: (messages, people) for day, messages, people in written}
    spent = EngineSpend.objects.filter(day__gte=days[0]).order_by().values("day")
    tokens: dict[date, int] = dict(
        spent.annotate(tokens=Sum(F("prompt_tokens") + F("completion_tokens"))).values_list("day", "tokens")
    )
    return [
        plots.by_day("people", _("People who wrote"), [(day, rows.get(day, (0, 0))[1]) for day in days]),
        plots.by_day("messages", _("Their messages"), [(day, rows.get(day, (0, 0))[0]) for day in days]),
        plots.by_day(
            "tokens", _("Tokens read and written, with those of programs"), [(day, tokens.get(day, 0)) for day in days]
        ),
    ]


def _desk(owner: User) -> Desk:
    now = timezone.now()
    cases = sight.visible_to(owner).exclude(status=CaseStatus.DECIDED).order_by()
    counts = cases.aggregate(open=Count("pk"), late=Count("pk", filter=Q(due_at__lt=now)))
    objections_late = Appeal.objects.filter(outcome="", filed_at__lt=now - appeals.TIME_TO_ANSWER).count()
    return Desk(counts["open"], counts["late"], objections_late)


def _replies() -> dict[str, int]:
    """Of the last 24 hours."""
    recent = Reply.objects.filter(message__created_at__gte=timezone.now() - timedelta(days=1))
    return recent.aggregate(
        all=Count("pk"),
        failed=Count("pk", filter=Q(status=ReplyStatus.FAILED)),
        blocked=Count("pk", filter=Q(status=ReplyStatus.BLOCKED)),
    )


def _disk() -> Disk:
    usage = shutil.disk_usage(settings.STATE_DIR)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        (database,) = cursor.fetchone()
    return Disk(total=usage.total, free=usage.free, database=database)
