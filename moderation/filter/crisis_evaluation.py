"""How many of a file's labelled messages the site answers itself, per language and step."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from moderation.crisis import ladder
from moderation.crisis.labelled import STEPS, Labelled
from moderation.filter import assessment
from moderation.models import Direction

BATCH = 64
_DANGER = ("imminent", "active", "passive")  # the site must answer these
_UNCOUNTED = "low"  # a wrong alarm at this step is neither a miss nor a false alarm


@dataclass(frozen=True)
class Outcome:
    sentence: Labelled
    step: str  # as in ladder.LEVELS
    is_met: bool  # the site answers, not the persona
    is_blocked: bool  # the filter withholds the message without the site's answer to a crisis

    @property
    def is_wrong(self) -> bool:
        """A message in danger that the persona answers, or one of grief or ordinary talk that it may not answer."""
        if self.sentence.step in _DANGER:
            return not self.is_met
        return self.sentence.step != _UNCOUNTED and (self.is_met or self.is_blocked)


def outcomes(sentences: Sequence[Labelled]) -> list[Outcome]:
    """Raises ClassifierUnavailable."""
    results = []
    for start in range(0, len(sentences), BATCH):
        batch = sentences[start : start + BATCH]
        verdicts = assessment.assess_talks([one.messages for one in batch], direction=Direction.USER)
        for sentence, verdict in zip(batch, verdicts, strict=True):
            is_met = ladder.is_for_the_site(verdict.level)
            results.append(Outcome(sentence, verdict.level, is_met, not verdict.passes and not is_met))
    return results


def table(results: Iterable[Outcome]) -> list[str]:
    """Lines: of each language and step, how many the site answers; then every message that goes wrong."""
    results = list(results)
    lines = [f"{'language':10}{'step':10}{'texts':>6}{'met':>6}{'share':>8}{'blocked':>9}"]
    for language in sorted({one.sentence.language for one in results}):
        for step in reversed(STEPS):
            group = [one for one in results if (one.sentence.language, one.sentence.step) == (language, step)]
            if group:
                met, blocked = sum(one.is_met for one in group), sum(one.is_blocked for one in group)
                lines.append(f"{language:10}{step:10}{len(group):>6}{met:>6}{met / len(group):>8.1%}{blocked:>9}")
    wrong = [one for one in results if one.is_wrong]
    return [*lines, "", f"{len(wrong)} go wrong:", *map(_line, wrong)]


def _line(outcome: Outcome) -> str:
    found = "blocked" if outcome.is_blocked else outcome.step or "none"
    return f"{outcome.sentence.step} read as {found}: {' / '.join(outcome.sentence.messages)}"
