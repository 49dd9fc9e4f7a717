"""The desk's figures, the public yearly report, and what a reviewer sets for themselves."""

import csv
from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.legal import thresholds
from moderation.desk import appeals, cases, claims, evidence, figures, quality, reports, sight, wellbeing, yearly
from moderation.pages.forms import FiguresForm, OptOutForm, PauseForm, ReviewForm
from moderation.pages.guards import desk_only, person_of
from moderation.pages.views import revealed

# The first year that a report can be about.
FIRST_YEAR = 2026


@desk_only
@require_GET
def figures_page(request: HttpRequest) -> HttpResponse:
    form = FiguresForm(request.GET)
    days = int((form.cleaned_data["days"] if form.is_valid() else "") or FiguresForm.DEFAULT)
    now = timezone.now()
    context = {
        "form": form,
        "days": days,
        "figures": figures.between(now - timedelta(days=days), now),
        "backlog": figures.backlog(sight.visible_to(person_of(request)), time_to_answer=appeals.TIME_TO_ANSWER),
        "years": range(FIRST_YEAR, now.year + 1),
        "counters": thresholds.counters() if person_of(request).is_owner else (),
    }
    return render(request, "moderation/figures.html", context)


@desk_only
@require_http_methods(["GET", "POST"])
def quality_review(request: HttpRequest, review_id: int) -> HttpResponse:
    """A decided case, to be decided again without the first decision."""
    moderator = person_of(request)
    waiting = quality.waiting_for(moderator)
    if request.method == "POST" and not waiting.filter(pk=review_id).exists():
        messages.error(request, gettext("This review has been made already, or you may not make it."))
        return redirect("moderation:queue")
    review = get_object_or_404(waiting, pk=review_id)
    case = review.action.case
    form = ReviewForm(request.POST or None)
    form.put_first(case.categories)
    if request.method == "POST" and form.is_valid():
        try:
            quality.review(review=review, moderator=moderator, **form.cleaned_data)
        except (quality.ReviewRefused, PermissionDenied) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, gettext("Your review is recorded. The first decision stands."))
            return redirect("moderation:queue")
    cases.view(case=case, moderator=moderator)
    context = {
        "form": form,
        "case": case,
        "review": review,
        "turns": evidence.shown(case, revealed=revealed(request, case)),
    }
    return render(request, "moderation/quality_review.html", context, status=400 if form.errors else 200)


@desk_only
@require_http_methods(["GET", "POST"])
def my_desk(request: HttpRequest) -> HttpResponse:
    """A reviewer's own pause and opt-outs. Nobody else sees them."""
    moderator = person_of(request)
    opt_out, pause = OptOutForm(request.POST or None), PauseForm(request.POST or None)
    if request.method == "POST":
        match request.POST.get("act"):
            case "opt_out" if opt_out.is_valid():
                wellbeing.opt_out(moderator=moderator, categories=opt_out.cleaned_data["categories"])
            case "pause" if pause.is_valid():
                wellbeing.pause(moderator=moderator, duration=timedelta(hours=int(pause.cleaned_data["hours"])))
                own = claims.of(moderator)
                if own is not None:
                    claims.release(case=own.case, moderator=moderator)
            case "resume":
                wellbeing.resume(moderator=moderator)
        return redirect("moderation:my_desk")
    reviewer = wellbeing.of(moderator)
    context = {
        "opt_out": OptOutForm(initial={"categories": reviewer.opted_out}),
        "pause": PauseForm(),
        "paused_until": wellbeing.paused_until(moderator),
        "break_until": wellbeing.break_until(moderator),
        "exhausted": sorted(wellbeing.exhausted(moderator)),
    }
    return render(request, "moderation/my_desk.html", context)


@require_GET
def transparency(request: HttpRequest) -> HttpResponse:
    """What the desk did in a calendar year, in numbers (compliance DS5, R32). Public."""
    years = range(FIRST_YEAR, timezone.now().year + 1)
    year = _year(request)
    context = {"report": yearly.report(law="eu", year=year), "year": year, "years": years}
    return render(request, "moderation/transparency.html", context)


@require_GET
def transparency_csv(request: HttpRequest) -> HttpResponse:
    year = _year(request)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="transparency-{year}.csv"'
    csv.writer(answer).writerows(yearly.table(yearly.report(law="eu", year=year)))
    return answer


@never_cache
@login_required
@require_GET
def my_reports(request: HttpRequest) -> HttpResponse:
    """A person's own reports with their outcome (compliance R26, DS2)."""
    rows = [(report, reports.outcome(report)) for report in reports.of(person_of(request))]
    return render(request, "moderation/my_reports.html", {"reports": rows})


def _year(request: HttpRequest) -> int:
    """The year in the address, or this year. Raises Http404 for a year without a report."""
    text = request.GET.get("year", str(timezone.now().year))
    if not text.isascii() or not text.isdigit() or not FIRST_YEAR <= int(text[:5]) <= timezone.now().year:
        raise Http404(gettext("There is no report of this year."))
    return int(text[:5])
