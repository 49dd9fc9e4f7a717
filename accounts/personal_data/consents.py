"""The record of what a person agreed to, with the text that they read."""

from uuid import UUID

from accounts.models import Consent, User


def record(*, user: User, kind: str, text: str, text_version: str, subject_id: UUID | None = None) -> Consent:
    """Records that `user` agreed to or declared `text`. A later consent adds a row; no row is overwritten."""
    return Consent.objects.create(user=user, kind=kind, text=text, text_version=text_version, subject_id=subject_id)
