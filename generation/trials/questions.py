"""The questions of a trial. A room that knows personas brings them, with their prompts and the text for people."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from generation.routing.router import Build, Rank


class Withheld(Exception):
    """Nothing can be shown. The message is a sentence that says why."""


@dataclass(frozen=True)
class Question:
    text: str
    language: str  # BCP 47, for the page
    build: Build
    rank: Rank | None
    # The text that people would read, from an engine's pieces. Raises Withheld.
    readable: Callable[[Iterator[str]], str]


_makers: list[Callable[[], Sequence[Question]]] = []


def ask_with(maker: Callable[[], Sequence[Question]]) -> None:
    """Registers the maker of the questions. Called in `AppConfig.ready()`."""
    _makers.append(maker)


def questions() -> list[Question]:
    """Raises Withheld if no answer could be shown now."""
    return [question for make in _makers for question in make()]
