"""What is stored of the candidates that were not chosen.

They are kept in the reply's `Origin`, in `choices`, and deleted with it. `chat.conversation.beginnings` lets another
reply begin with one.
"""

from collections.abc import Callable, Mapping
from typing import Any

from chat.conversation import beginnings
from generation.engine import Choice

_LONGEST = 1_000  # characters of a candidate whose words are stored


def stored(choice: Choice, shown: Callable[[str], str]) -> list[dict[str, Any]]:
    """Each candidate with its scores, and what would be `shown` of its words.

    A candidate that the filter would not show unchanged is stored without its words, and so is a very long one.
    """
    return [
        {
            "text": shown(candidate.text).strip() if _may_be_stored(candidate.text, scores) else "",
            "scores": {name: round(value, 3) for name, value in scores.items()},
        }
        for candidate, scores in zip(choice.candidates, choice.scores, strict=True)
    ]


def _may_be_stored(text: str, scores: Mapping[str, float]) -> bool:
    return len(text) <= _LONGEST and beginnings.may_be_stored(scores)
