"""Drafts that nobody needs any more."""

from personas.models import Draft


def discard(draft: Draft) -> None:
    """Deletes a draft and its files."""
    for file in draft.files.all():
        file.file.delete(save=False)
    draft.avatar.delete(save=False)
    draft.delete()
