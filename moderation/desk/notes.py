"""Notes between reviewers, and requests for a second opinion (compliance R15). No person sees them in their data."""

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.translation import gettext

from accounts.models import User
from moderation import audit_trail
from moderation.desk import sight
from moderation.models import Case, CaseStatus, Note


def write(*, case: Case, author: User, text: str, is_question: bool = False) -> Note:
    """Adds a note, or a question to the other reviewers. Raises PermissionDenied, and ValueError for an empty text."""
    sight.require(case, author)
    if not text.strip():
        raise ValueError(gettext("A note needs words."))
    with transaction.atomic():
        note = Note.objects.create(case=case, author=author, text=text.strip(), is_question=is_question)
        audit_trail.record(
            action="case.noted",
            subject=f"case:{case.pk}",
            actor=author,
            data={"note": note.pk, "is_question": is_question},
        )
    return note


def questions_for(moderator: User) -> QuerySet[Note]:
    """Questions of other reviewers about open cases that nobody has answered with a note, oldest first."""
    answers = Note.objects.filter(case=OuterRef("case"), id__gt=OuterRef("pk")).exclude(author=OuterRef("author"))
    questions = Note.objects.filter(~Exists(answers), is_question=True, case__in=sight.visible_to(moderator))
    unanswered = questions.exclude(case__status=CaseStatus.DECIDED).exclude(author=moderator)
    return unanswered.select_related("case", "author").order_by(F("written_at"))
