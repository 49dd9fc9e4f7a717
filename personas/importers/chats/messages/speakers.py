"""Speakers of an export that gives people stable ids. Names change, so a first pass looks for the latest of each."""

from collections import Counter

_MOST = 100_000


class Speakers:
    """Ids to names. People who share a name are told apart by their ids."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._shared: set[str] | None = None

    def __bool__(self) -> bool:
        return bool(self._names)

    def see(self, key: str, name: str) -> None:
        """Takes the name of a message. A later call for the same id replaces an earlier one."""
        if name and (key in self._names or len(self._names) < _MOST):
            self._names[key] = name
            self._shared = None

    def name_of(self, key: str, fallback: str) -> str:
        if self._shared is None:
            counts = Counter(self._names.values())
            self._shared = {name for name, count in counts.items() if count > 1}
        name = self._names.get(key, "")
        if not name:
            return f"{fallback} ({key})" if key and key != fallback else fallback
        return f"{name} ({key})" if name in self._shared and key != name else name
