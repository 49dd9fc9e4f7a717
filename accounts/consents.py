"""The record of what a person agreed to, with the words that stood before them."""

from uuid import UUID

from accounts.models import Consent, User


def record(*, user: User, kind: str, text: str, text_version: str, subject_id: UUID | None = None) -> Consent:
    """Keeps that `user` agreed to, or declared, `text`. A later consent adds a row; none is overwritten."""
    return Consent.objects.create(user=user, kind=kind, text=text, text_version=text_version, subject_id=subject_id)
