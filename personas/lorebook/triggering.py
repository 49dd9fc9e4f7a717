"""Which entries of a lorebook a prompt holds, and why: `triggered`. Pure and deterministic.

The order of the rules: disabled entries never match. Decorators then decide, then keys, the secondary keys, and the
keys of entries that match (if the book says so). What matches has its tokens counted; where the budget is too small,
the entry of the lowest priority goes first.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext

from personas.lorebook.book import Book, Entry
from personas.lorebook.keys import Key

Count = Callable[[str], int]
Spoken = tuple[str, str]  # (speaker, text), speaker "user" or "persona"

_SCANNED = 20_000  # characters of the newest messages; a key is searched in no more
_ROUNDS = 4  # of entries that call for entries


@dataclass(frozen=True)
class Triggered:
    """The entries of a prompt in order of insertion. `trace` says of each match why it is in, or why it is not."""

    entries: tuple[Entry, ...] = ()
    trace: tuple[str, ...] = ()
    tokens: int = 0
    dropped: int = 0  # entries that matched and did not fit

    def fixed(self, place: str) -> list[str]:
        """The texts that stand in the unchanging beginning at "before", "after" or "scenario"."""
        return [entry.text for entry in self.entries if entry.is_fixed and entry.place == place]

    @property
    def moving(self) -> list[Entry]:
        return [entry for entry in self.entries if not entry.is_fixed]


def triggered(
    book: Book, talk: Sequence[Spoken], *, greetings: Sequence[str] = (), count: Count = len, limit: int
) -> Triggered:
    """The entries for the prompt after `talk`, oldest turn first, with at most `limit` tokens together.

    `greetings` are the opening lines of the card, the first one at 0: they tell which of them began this talk.
    """
    if not book.entries:
        return Triggered()
    reading = _Reading(talk, greetings)
    matches = {number: why for number, entry in enumerate(book.entries) if (why := reading.match(entry))}
    held_back = [line for entry in book.entries if (line := reading.held_back(entry))]
    if book.is_recursive:
        _add_called(book, matches, reading)
    with_text = {book.entries[number].text: number for number in reversed(matches)}
    matches = {number: matches[number] for number in with_text.values()}  # a text is added once
    limit = min(limit, book.token_budget) if book.token_budget is not None else limit
    fitting, tokens = _within_budget(book, matches, count, limit)
    order = sorted(fitting, key=lambda number: (book.entries[number].order, number))
    dropped = [number for number in matches if number not in fitting]
    return Triggered(
        entries=tuple(book.entries[number] for number in order),
        trace=(
            *(
                gettext("“%(title)s” is in: %(why)s.") % {"title": book.entries[n].title, "why": matches[n]}
                for n in order
            ),
            *(
                gettext("“%(title)s” is out: %(why)s, but %(reason)s.")
                % {"title": book.entries[n].title, "why": matches[n], "reason": _no_room(limit)}
                for n in dropped
            ),
            *held_back,
        ),
        tokens=tokens,
        dropped=len(dropped),
    )


def _no_room(limit: int) -> str:
    return gettext("the %(limit)s tokens for the lorebook were used up by entries of higher priority") % {
        "limit": limit
    }


Window = Sequence[tuple[str, str]]  # (text, the same without case)


@dataclass(frozen=True)
class _Found:
    message: int  # of the window
    reason: str


def _found(entry: Entry, window: Window) -> _Found | None:
    """The first message that holds a key of the entry, if its secondary keys agree."""
    first = _first(entry.keys, window)
    if first is None:
        return None
    key, message = first
    if not entry.logic:
        return _Found(message, f"“{key.text}”")
    matches = [secondary for secondary in entry.secondary_keys if _first([secondary], window)]
    is_met = {
        "any": bool(matches),
        "all": len(matches) == len(entry.secondary_keys),
        "none": not matches,
        "not all": len(matches) < len(entry.secondary_keys),
    }[entry.logic]
    words = {"key": key.text, "other": matches[0].text if matches else ""}
    reason = gettext("“%(key)s” beside “%(other)s”") if matches else "“%(key)s”"
    return _Found(message, reason % words) if is_met else None


def _first(keys: Sequence[Key], window: Window) -> tuple[Key, int] | None:
    for number, (text, folded) in enumerate(window):
        for key in keys:
            if key.is_in(text, folded):
                return key, number
    return None


def _folded(texts: Iterable[str], most: int) -> list[tuple[str, str]]:
    """The texts, each also without case, up to `most` characters in all."""
    window: list[tuple[str, str]] = []
    for text in texts:
        searched = text[-most:] if most > 0 else ""
        most -= len(searched)
        if searched:
            window.append((searched, searched.casefold()))
    return window


@dataclass
class _Reading:
    """The talk as keys are searched in it."""

    talk: Sequence[Spoken]
    greetings: Sequence[str]
    messages: Window = field(init=False)  # the newest first

    def __post_init__(self) -> None:
        self.messages = _folded((text for _, text in reversed(self.talk)), _SCANNED)

    @property
    def replies(self) -> int:
        return sum(speaker == "persona" for speaker, _ in self.talk)

    @property
    def greeting(self) -> int | None:
        """The number of the greeting with which the talk began."""
        opening = self.talk[0][1] if self.talk and self.talk[0][0] == "persona" else ""
        return self.greetings.index(opening) if opening in self.greetings else None

    def match(self, entry: Entry) -> str:
        """Why the entry is called for, or "". An entry without text never is."""
        if not entry.is_enabled or not entry.text or self.veto(entry):
            return ""
        if "activate" in entry.rules:
            return gettext("%(decorator)s says so") % {"decorator": "@@activate"}
        if entry.is_constant:
            return gettext("it is always in")
        if why := self.called(entry, 0, entry.scan_depth):
            return why
        earlier = self.called(entry, 1, len(self.messages)) if "keep_activate_after_match" in entry.rules else ""
        return gettext("it was called for earlier: %(why)s") % {"why": earlier} if earlier else ""

    def called(self, entry: Entry, first: int, last: int) -> str:
        """Why the entry's keys match in these messages, counted from the newest; "" where they do not."""
        found = _found(entry, self.messages[first:last])
        if found is None:
            return ""
        return gettext("%(place)s holds %(words)s") % {"place": _place(first + found.message), "words": found.reason}

    def veto(self, entry: Entry) -> str:
        """Why a decorator keeps the entry out, or ""."""
        if "activate" in entry.rules:
            return ""
        return next(self._vetoes(entry), "")

    def _vetoes(self, entry: Entry) -> Iterator[str]:
        if "dont_activate" in entry.rules:
            yield gettext("%(decorator)s says so") % {"decorator": "@@dont_activate"}
        after, every, greeting = map(entry.rule, ("activate_only_after", "activate_only_every", "is_greeting"))
        if after is not None and self.replies < after:
            yield gettext("%(decorator)s waits for %(after)s replies, and there are %(replies)s") % {
                "decorator": "@@activate_only_after",
                "after": after,
                "replies": self.replies,
            }
        if every and self.replies % every:
            yield gettext("%(decorator)s %(every)s does not fit %(replies)s replies") % {
                "decorator": "@@activate_only_every",
                "every": every,
                "replies": self.replies,
            }
        if greeting is not None and self.greeting != greeting:
            yield gettext("the talk did not begin with greeting %(greeting)s") % {"greeting": greeting}
        if found := _first(entry.excluded_keys, self.messages[: entry.scan_depth]):
            yield gettext("%(place)s holds “%(words)s”, which %(decorator)s names") % {
                "place": _place(found[1]),
                "words": found[0].text,
                "decorator": "@@exclude_keys",
            }
        if "dont_activate_after_match" in entry.rules and self.called(entry, 1, len(self.messages)):
            yield gettext("it was called for earlier, and %(decorator)s lets it in once") % {
                "decorator": "@@dont_activate_after_match"
            }

    def held_back(self, entry: Entry) -> str:
        """For the trace: the entry's keys match, and still it is out. Or a key of it can never match."""
        if not entry.is_enabled:
            return ""
        if unsafe := next((key.text for key in entry.keys if key.is_unsafe), ""):
            return gettext("“%(title)s” cannot match “%(pattern)s”: RE2 does not know this pattern.") % {
                "title": entry.title,
                "pattern": unsafe[:60],
            }
        why = self.veto(entry)
        if not why and not entry.logic:
            return ""
        is_called = entry.is_constant or _first(entry.keys, self.messages[: entry.scan_depth])
        if why and is_called:
            return gettext("“%(title)s” is out: %(why)s.") % {"title": entry.title, "why": why}
        if is_called and not why and not self.match(entry):
            return gettext("“%(title)s” is out: its secondary keys (%(logic)s of them) do not fit.") % {
                "title": entry.title,
                "logic": gettext(entry.logic),
            }
        return ""


def _add_called(book: Book, matches: dict[int, str], reading: _Reading) -> None:
    """Adds the entries that matching entries call for, and those that these call for, _ROUNDS times."""
    callers = [book.entries[number] for number in matches]
    for _ in range(_ROUNDS):
        window = _folded((caller.scanned for caller in callers if caller.calls_entries), _SCANNED)
        called = []
        for number, entry in enumerate(book.entries):
            may_match = entry.is_enabled and entry.text and entry.is_called_by_entries and number not in matches
            if may_match and not reading.veto(entry) and (found := _found(entry, window)):
                matches[number] = gettext("an entry that is in holds %(words)s") % {"words": found.reason}
                called.append(entry)
        if not called:
            return
        callers = called


def _within_budget(book: Book, matches: dict[int, str], count: Count, limit: int) -> tuple[set[int], int]:
    """The matches that fit `limit` tokens together, the highest priority first, and their tokens."""

    def rank(number: int) -> tuple[bool, float, int]:
        entry = book.entries[number]
        return "ignore_on_max_context" in entry.rules, -entry.priority, number

    fitting: set[int] = set()
    spent = 0
    for number in sorted(matches, key=rank):
        cost = count(book.entries[number].text) + 1
        if spent + cost <= limit:
            fitting.add(number)
            spent += cost
    return fitting, spent


def _place(message: int) -> str:
    """A message counted from the newest, in words."""
    if message == 0:
        return gettext("the newest message")
    return gettext("the message %(number)s before the newest") % {"number": message}
