"""Train the filter's heads on reviewers' decisions."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from moderation.categories import ClassifierUnavailable
from moderation.filter import head_versions
from moderation.learning import fitting, labelled, versions


class Command(BaseCommand):
    help = (
        "Makes a new version of the filter's heads from reviewers' decisions about words of people who allow it, "
        "beside the texts that the site ships. The version judges nothing until the owner tries it in shadow and "
        "promotes it at /moderation/learning/."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        turns = list(labelled.turns())
        agreed = sum(turn.has_consent for turn in turns)
        self.stderr.write(f"{len(turns)} decided turns, {agreed} of them with consent")
        try:
            fitted = fitting.fit(turns, head_versions.active(), lambda line: self.stderr.write(line))
            row = versions.store(fitted)
        except (fitting.TooFew, ClassifierUnavailable) as error:
            raise CommandError(str(error)) from error
        except versions.VersionRefused as refusal:
            raise CommandError(refusal.user_message) from refusal
        self.stdout.write(f"Version {row.version} is stored. Try it in shadow at /moderation/learning/.")
