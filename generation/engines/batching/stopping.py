"""Stop strings: found across the borders of pieces, and never shown, not even in part."""

from collections.abc import Sequence


class StopStrings:
    """Passes text on, but holds back a possible beginning of a stop string."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._pending = ""
        self.found = False

    @property
    def is_holding(self) -> bool:
        """Whether text is held back that may begin a stop string."""
        return bool(self._pending)

    def push(self, piece: str) -> str:
        """Returns the text that is now safe to show. Sets `found` if a stop string is complete."""
        if self.found:
            return ""
        text = self._pending + piece
        position = min((i for stop in self._stops if (i := text.find(stop)) >= 0), default=-1)
        if position >= 0:
            self.found, self._pending = True, ""
            return text[:position]
        overlap = max((_overlap(text, stop) for stop in self._stops), default=0)
        self._pending = text[len(text) - overlap :]
        return text[: len(text) - overlap]

    def finish(self) -> str:
        """Returns the text that was held back and is not a stop string."""
        tail, self._pending = self._pending, ""
        return tail


def _overlap(text: str, stop: str) -> int:
    """The length of the longest end of `text` that begins `stop`."""
    return next((n for n in range(min(len(text), len(stop) - 1), 0, -1) if stop.startswith(text[-n:])), 0)
